"""Which pictures train and which validate."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import TrainingError
from lookalike.training.dataset import Dataset
from lookalike.training.hygiene import (
    conflicting,
    groups,
    signatures,
    twins_between,
    twins_within,
)
from lookalike.types import Skipped


@dataclass(frozen=True, slots=True)
class Split:
    """Training and validation pictures, none of one on the other side.

    Attributes:
        train: int64, indices into the training folder's set.
        val: int64, indices into the validation folder's set, or into the training folder's where
            there is no validation folder.
        two_labels: pictures left out because the same picture carries another label as well.
        leaking: training pictures left out because the validation folder holds them too.
        twins: pairs of same pictures within the training folder's set.
    """

    train: NDArray[np.int64]
    val: NDArray[np.int64]
    two_labels: list[Skipped] = field(default_factory=list)
    leaking: list[Skipped] = field(default_factory=list)
    twins: int = 0


def split(dataset: Dataset, val: Dataset | None, *, fraction: float, seed: int) -> Split:
    """Divide a set, or clean it against its validation folder.

    Args:
        dataset: the training folder's pictures.
        val: the validation folder's pictures; None holds a part of `dataset` out.
        fraction: of each class that is held out, 0..1; at least one group of it.
        seed: decides which.

    Raises:
        TrainingError: a class has nothing left on one of the sides.
    """
    marks = signatures(dataset.pixels)
    pairs = twins_within(dataset, marks)
    group = groups(len(dataset), pairs)
    torn = conflicting(dataset.labels, group)
    usable = ~torn
    leaking: list[Skipped] = []
    if val is None:
        held = _held_out(dataset.labels, group, usable, fraction, seed)
        train, held_out = np.flatnonzero(usable & ~held), np.flatnonzero(held)
    else:
        between = twins_between(dataset, marks, val, signatures(val.pixels))
        # A twin of a leaking picture leaks as well.
        leaks = np.isin(group, group[between[:, 0]])
        first = dict(between[::-1].tolist())
        leaking = [
            Skipped(
                dataset.paths[index],
                "the validation folder holds the same picture"
                + (f": {val.paths[first[index]]}" if index in first else ""),
            )
            for index in np.flatnonzero(leaks & usable).tolist()
        ]
        train, held_out = np.flatnonzero(usable & ~leaks), np.arange(len(val))
    labels = dataset.labels if val is None else val.labels
    for name, left, side in (
        *((name, np.sum(dataset.labels[train] == k), "train") for k, name in _numbered(dataset)),
        *((name, np.sum(labels[held_out] == k), "validate") for k, name in _numbered(dataset)),
    ):
        if left == 0:
            raise TrainingError(
                f"the class {name!r} has no picture left to {side} with, once the same pictures "
                "are kept on one side; add different pictures of it"
            )
    return Split(
        train=train,
        val=held_out,
        two_labels=[
            Skipped(dataset.paths[index], "the same picture also carries another label")
            for index in np.flatnonzero(torn).tolist()
        ],
        leaking=leaking,
        twins=len(pairs),
    )


def _numbered(dataset: Dataset) -> list[tuple[int, str]]:
    return list(enumerate(dataset.classes))


def _held_out(
    labels: NDArray[np.int64],
    group: NDArray[np.int64],
    usable: NDArray[np.bool_],
    fraction: float,
    seed: int,
) -> NDArray[np.bool_]:
    """Whole groups of each class, about `fraction` of them: bool (n,)."""
    rng = np.random.default_rng(seed)
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = usable & (labels == label)
        candidates = rng.permutation(np.unique(group[members]))
        chosen = candidates[: max(1, round(fraction * len(candidates)))]
        held |= members & np.isin(group, chosen)
    return held
