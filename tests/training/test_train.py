"""From labelled folders to a model folder, and back in as an encoder."""

import json
from pathlib import Path

import numpy as np
import pytest

from lookalike.decode import decode
from lookalike.encoders import load, read_spec
from lookalike.errors import TrainingError
from lookalike.training import (
    BatchDone,
    EpochDone,
    StageStarted,
    TrainingEvent,
    TrainingResult,
    train,
)
from tests.training.conftest import BACKBONE, small_recipe
from tests.training.folders import TINTS, picture, write_classes

Trained = tuple[TrainingResult, list[TrainingEvent]]


def test_the_model_folder_is_an_encoder_like_any_other(trained: Trained, classes: Path) -> None:
    result, _ = trained
    encoder = load(result.folder, precision="fp32")
    files = sorted((classes / "red").iterdir())[:3]
    batch = np.stack([encoder.prepare(decode(file.read_bytes())) for file in files])
    embeddings = encoder.embed(batch)
    assert embeddings.shape == (3, result.spec.embedding.dimension)
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


def test_it_learns(trained: Trained) -> None:
    result, _ = trained
    assert result.accuracy >= 0.8
    assert len(result.history) == 4
    assert result.history[-1].train_loss < result.history[0].train_loss


def test_it_leaves_what_people_read(trained: Trained) -> None:
    folder = Path(trained[0].folder)
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        "README.md", "confusion.png", "curves.png", "history.json", "model.json", "model.onnx",
    ]  # fmt: skip
    assert len(json.loads((folder / "history.json").read_text())) == 4
    card = (folder / "README.md").read_text()
    assert all(name in card for name in TINTS)
    assert str(folder.parent) not in card


def test_the_spec_records_how_it_was_made(trained: Trained) -> None:
    result, _ = trained
    spec = read_spec(str(Path(result.folder) / "model.json"))
    assert spec.logits is not None
    assert spec.logits.classes == sorted(TINTS)
    assert spec.training is not None
    assert spec.training["weighting"]["name"] == "importance"
    assert spec.training["data"]["train"] + spec.training["data"]["validation"] == 48
    assert spec.training["parity"]["exported_cosine"] >= 0.9999


def test_progress_is_told(trained: Trained) -> None:
    _, events = trained
    stages = [event.stage for event in events if isinstance(event, StageStarted)]
    assert stages == ["loading", "reading", "comparing", "training", "exporting"]
    assert [e.record.epoch for e in events if isinstance(e, EpochDone)] == [1, 2, 3, 4]
    last = [event for event in events if isinstance(event, BatchDone)][-1]
    assert (last.epoch, last.step, last.seconds_left) == (4, last.steps, 0.0)


def test_a_validation_and_a_test_folder_stay_apart(classes: Path, tmp_path: Path) -> None:
    val = write_classes(tmp_path / "val", 3, first_seed=500)
    test = write_classes(tmp_path / "test", 2, first_seed=700)
    # The same picture, smaller and recompressed, in training and in test.
    train_folder = write_classes(tmp_path / "train", 6)
    picture("red", 2700).resize((40, 40)).save(train_folder / "red" / "leak.jpg", quality=60)
    result = train(
        str(train_folder),
        str(tmp_path / "out"),
        val=str(val),
        avoid=str(test),
        backbone=BACKBONE,
        recipe=small_recipe(epochs=1),
    )
    assert [Path(one.path).name for one in result.leaking] == ["leak.jpg"]
    assert result.spec.training is not None
    assert result.spec.training["data"]["validation"] == 9


def test_a_loss_that_is_not_finite_stops_with_a_sentence(classes: Path, tmp_path: Path) -> None:
    recipe = small_recipe(learning_rate=1e30, head_learning_rate=1e30, warm_up=0.0)
    with pytest.raises(TrainingError, match=r"not a finite number.*lower the learning rate"):
        train(str(classes), str(tmp_path / "out"), backbone=BACKBONE, recipe=recipe)


def test_fewer_pictures_than_a_batch(classes: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"36 training pictures are fewer than a batch of 100"):
        train(
            str(classes),
            str(tmp_path / "out"),
            backbone=BACKBONE,
            recipe=small_recipe(batch_size=100),
        )


def test_a_folder_that_holds_something_else_is_left_alone(classes: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(TrainingError, match="is not empty"):
        train(str(classes), str(tmp_path), backbone=BACKBONE, recipe=small_recipe())
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"epochs": 0}, "0 epochs"),
        ({"batch_size": 1}, "a batch of 1"),
        ({"held_out": 1.0}, "held-out share"),
        ({"learning_rate": 0.0}, "learning rate"),
        ({"blends": (0.0,)}, "blend"),
    ],
)
def test_a_recipe_that_makes_no_sense(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(TrainingError, match=sentence):
        small_recipe(**changes)
