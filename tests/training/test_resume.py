"""Killed at any moment, the same command goes on from the last whole epoch."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lookalike.errors import TrainingError
from lookalike.training import Notice, TrainingEvent, train
from lookalike.training.recipe import fingerprint
from tests.training.conftest import BACKBONE, small_recipe

CHILD = """
import sys
from lookalike.training import BatchDone, train
from lookalike.training.recipe import fingerprint
from tests.training.conftest import BACKBONE, small_recipe

def tell(event):
    if isinstance(event, BatchDone):
        print(event.epoch, flush=True)

train(sys.argv[1], sys.argv[2], backbone=BACKBONE, recipe=small_recipe(), on_event=tell)
"""

PROJECT = Path(__file__).resolve().parents[2]


def test_a_killed_run_goes_on_and_ends_as_if_nothing_had_been(
    classes: Path, tmp_path: Path, trained: tuple[object, object]
) -> None:
    out = tmp_path / "tints"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(classes), str(out)],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        text=True,
    )
    assert child.stdout is not None
    for line in child.stdout:
        if line.strip() == "3":  # the first batch of the third epoch is done
            break
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert not (out / "model.onnx").exists()

    events: list[TrainingEvent] = []
    result = train(
        str(classes), str(out), backbone=BACKBONE, recipe=small_recipe(), on_event=events.append
    )
    notices = [event.message for event in events if isinstance(event, Notice)]
    assert any(notice.startswith("going on after epoch ") for notice in notices)
    whole = trained[0].history  # type: ignore[attr-defined]
    assert [record.train_loss for record in result.history] == pytest.approx(
        [record.train_loss for record in whole], rel=0.02
    )


def test_another_run_does_not_go_on_from_it(classes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(_StopError):
        train(
            str(classes),
            str(out),
            backbone=BACKBONE,
            recipe=small_recipe(epochs=2),
            on_event=_stop_after_an_epoch,
        )
    with pytest.raises(TrainingError, match="another run"):
        train(str(classes), str(out), backbone=BACKBONE, recipe=small_recipe(epochs=3))


def test_choices_after_the_last_epoch_do_not_name_a_run() -> None:
    def name(**changes: object) -> str:
        return fingerprint(small_recipe(**changes), BACKBONE, ["a.jpg"], [b"1"])

    assert name(weighting="none", blends=(1.0,), mirror=True) == name()
    assert name(epochs=5) != name()


def test_a_damaged_checkpoint_is_one_sentence(classes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / ".training").mkdir(parents=True)
    (out / ".training" / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match="cannot be read"):
        train(str(classes), str(out), backbone=BACKBONE, recipe=small_recipe())


class _StopError(Exception):
    pass


def _stop_after_an_epoch(event: TrainingEvent) -> None:
    if type(event).__name__ == "EpochDone":
        raise _StopError
