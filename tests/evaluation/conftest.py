"""One small evaluation that many tests look at."""

from pathlib import Path

import pytest

from lookalike.evaluation import Evaluation, evaluate
from tests.evaluation.folders import write_labelled
from tests.support.model import make_model


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Three classes of eight pictures."""
    return write_labelled(tmp_path / "labelled")


@pytest.fixture(scope="session")
def evaluation(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Two encoders on three classes, with a damaged file and one outside the classes."""
    place = tmp_path_factory.mktemp("evaluated")
    folder = write_labelled(place / "pictures & <more>", 12)
    (folder / "rust" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (folder / "stray.png").write_bytes(b"x")
    other = make_model(place / "other", seed=8)
    return evaluate(folder, [tiny_model, other], instances=10, seed=1)
