"""One small training that many tests look at."""

from pathlib import Path

import pytest

from lookalike.training import (
    Augmentation,
    PairLosses,
    Recipe,
    TrainingEvent,
    TrainingResult,
    train,
)
from tests.training.folders import write_classes

BACKBONE = "test_resnet"


def small_recipe(**changes: object) -> Recipe:
    """Two classes of work in a second: small pictures, small batches, untrained start."""
    fields: dict[str, object] = {
        "epochs": 4,
        "batch_size": 12,
        "learning_rate": 2e-3,
        "head_learning_rate": 1e-2,
        "average": 0.5,
        "sizes": ((1.0, 0.2),),
        "view": 0.2,
        "held_out": 0.25,
        "random_start": True,
        "pairs": PairLosses(memory=64),
        "augmentation": Augmentation(smallest_crop=0.7, colour=0.05, erase=0.0),
    }
    return Recipe(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of 16 pictures."""
    return write_classes(tmp_path_factory.mktemp("classes"))


@pytest.fixture(scope="session")
def trained(
    classes: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[TrainingResult, list[TrainingEvent]]:
    """A finished training and everything it told."""
    events: list[TrainingEvent] = []
    out = tmp_path_factory.mktemp("trained") / "tints"
    result = train(
        str(classes), str(out), backbone=BACKBONE, recipe=small_recipe(), on_event=events.append
    )
    return result, events
