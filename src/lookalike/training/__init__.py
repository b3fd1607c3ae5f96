"""Training: labelled folders to a fine-tuned, class-weighted encoder, as a model folder.

Needs the extra `lookalike[train]`; nothing else in the package imports this room or torch.
"""

from lookalike.training.augment import Augmentation
from lookalike.training.events import (
    BatchDone,
    EpochDone,
    Listener,
    Notice,
    PicturesRead,
    StageStarted,
    TrainingEvent,
)
from lookalike.training.export import Parity
from lookalike.training.history import EpochRecord
from lookalike.training.pairs import PairLosses
from lookalike.training.recipe import Recipe
from lookalike.training.train import TrainingResult, train
from lookalike.training.weighting import WeightingName, weigh

__all__ = [
    "Augmentation",
    "BatchDone",
    "EpochDone",
    "EpochRecord",
    "Listener",
    "Notice",
    "PairLosses",
    "Parity",
    "PicturesRead",
    "Recipe",
    "StageStarted",
    "TrainingEvent",
    "TrainingResult",
    "WeightingName",
    "train",
    "weigh",
]
