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
from lookalike.training.recipe import Recipe
from lookalike.types import Skipped


@dataclass(frozen=True, slots=True)
class Split:
    """Training and validation pictures, none of one on the other side.

    Attributes:
        train: int64, indices into the training folder's set.
        val: int64, indices into the validation folder's set, or into the training folder's where
            there is no validation folder.
        two_labels: pictures left out because the same picture carries another label as well.
        leaking: pictures left out because the validation or test folder holds them too.
        twins: pairs of same pictures within the training folder's set.
    """

    train: NDArray[np.int64]
    val: NDArray[np.int64]
    two_labels: list[Skipped] = field(default_factory=list)
    leaking: list[Skipped] = field(default_factory=list)
    twins: int = 0


def split(dataset: Dataset, val: Dataset | None, avoid: Dataset | None, recipe: Recipe) -> Split:
    """Divide a set, or clean it against its validation folder.

    Args:
        dataset: the training folder's pictures.
        val: the validation folder's pictures; None holds a part of `dataset` out.
        avoid: pictures that may be on neither side, since others will be judged by them.
        recipe: gives the held-out share of each class, and the seed that decides which.

    Raises:
        TrainingError: a class has nothing left on one of the sides.
    """
    marks = signatures(dataset.pixels)
    pairs = twins_within(dataset, marks)
    group = groups(len(dataset), pairs)
    torn = conflicting(dataset.labels, group)
    usable = ~torn
    leaking: list[Skipped] = []
    kept_out = [(val, "validation")] if val else []
    kept_out += [(avoid, "test")] if avoid else []
    for other, name in kept_out:
        between = twins_between(dataset, marks, other, signatures(other.pixels))
        # A twin of a leaking picture leaks as well.
        leaks = usable & np.isin(group, group[between[:, 0]])
        leaking += [
            Skipped(path, f"the {name} folder holds the same picture")
            for path in (dataset.paths[index] for index in np.flatnonzero(leaks).tolist())
        ]
        usable &= ~leaks
    if val is None:
        held = _held_out(dataset.labels, group, usable, recipe)
        train, held_out, labels = np.flatnonzero(usable & ~held), np.flatnonzero(held), None
    else:
        train, held_out, labels = np.flatnonzero(usable), np.arange(len(val)), val.labels
        if avoid:
            between = twins_between(val, signatures(val.pixels), avoid, signatures(avoid.pixels))
            held_out = np.setdiff1d(held_out, between[:, 0])
    _check_sides(dataset.classes, dataset.labels[train], "train")
    held_labels = dataset.labels if labels is None else labels
    _check_sides(dataset.classes, held_labels[held_out], "validate")
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


def _check_sides(classes: tuple[str, ...], labels: NDArray[np.int64], verb: str) -> None:
    for label, name in enumerate(classes):
        if not np.any(labels == label):
            raise TrainingError(
                f"the class {name!r} has no picture left to {verb} with, once the same pictures "
                "are kept on one side; add different pictures of it"
            )


def _held_out(
    labels: NDArray[np.int64],
    group: NDArray[np.int64],
    usable: NDArray[np.bool_],
    recipe: Recipe,
) -> NDArray[np.bool_]:
    """Whole groups of each class, about the recipe's share: bool (n,)."""
    rng = np.random.default_rng(recipe.seed)
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = usable & (labels == label)
        candidates = rng.permutation(np.unique(group[members]))
        chosen = candidates[: max(1, round(recipe.held_out * len(candidates)))]
        held |= members & np.isin(group, chosen)
    return held
