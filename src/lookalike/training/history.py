"""The record of a run, epoch by epoch."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRecord:
    """One epoch.

    Training figures are of the augmented (and mixed) pictures and the weights as they moved;
    validation figures are of whole pictures and the averaged weights.

    Attributes:
        epoch: from 1.
        size: side of the training pictures, pixels.
        learning_rate: of the backbone, at the end of the epoch.
        train_loss: mean over the batches, label smoothing included.
        train_accuracy: 0..1.
        val_loss: plain cross-entropy.
        val_accuracy: 0..1.
        val_map: mean average precision of the soft-weighted embedding, leave-one-out, 0..1.
        seconds: wall-clock time, validation included.
    """

    epoch: int
    size: int
    learning_rate: float
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    val_map: float
    seconds: float
