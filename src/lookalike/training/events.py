"""What a running training tells its listener. The library itself never prints."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lookalike.training.history import EpochRecord


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A step of the way from folders to encoder begins.

    Attributes:
        stage: "reading" pictures, "comparing" them with one another, "loading" the backbone,
            "training", "exporting" the encoder.
        total: units of work in the stage (pictures or epochs), 0 where it is one step.
        detail: a clause for people, such as the backbone's name.
    """

    stage: Literal["reading", "comparing", "loading", "training", "exporting"]
    total: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PicturesRead:
    """Progress of reading: pictures done and all pictures."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class BatchDone:
    """Progress of training, at most about four times a second.

    Attributes:
        epoch: from 1.
        epochs: all epochs of the run.
        step: batches done in this epoch.
        steps: batches in an epoch.
        loss: of this batch.
        seconds_left: estimate to the end of the last epoch.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class EpochDone:
    """An epoch is finished, measured on the validation part, and its checkpoint is on disk."""

    record: EpochRecord
    epochs: int
    best: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence that a person should read, such as a file that was left out."""

    message: str


TrainingEvent: TypeAlias = StageStarted | PicturesRead | BatchDone | EpochDone | Notice

Listener: TypeAlias = Callable[[TrainingEvent], None]
"""Called from the training thread."""


def ignore(event: TrainingEvent) -> None:
    """The listener of a caller who wants no news."""
    del event
