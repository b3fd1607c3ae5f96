"""Several embeddings, for and against, to the one that is searched with."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import QueryError
from lookalike.types import Embeddings

AGAINST = 0.5
"""How much the negatives count beside the positives, as measured in docs/searching.md."""

Weighted = tuple[float, NDArray[np.float32]]
"""A weight above 0, and an embedding (dimension,) of length 1."""


def combine(positives: Sequence[Weighted], negatives: Sequence[Weighted] = ()) -> Embeddings:
    """Rocchio's rule: the mean of the positives less `AGAINST` times the mean of the negatives.

    Both means are by weight, of normalised embeddings, and the result is normalised. It is one
    vector, so a search by many pictures costs what a search by one does, on any index.
    Source: J. J. Rocchio, Relevance feedback in information retrieval, 1971.

    Args:
        positives: at least one.
        negatives: any number.

    Returns:
        (1, dimension).

    Raises:
        QueryError: there is no positive, a weight is not above 0, or the pictures cancel out.
    """
    if not positives:
        raise QueryError("a query needs at least one picture, or words, to look for")
    if len(positives) == 1 and not negatives:
        _check_weight(positives[0][0])
        return positives[0][1][None]
    mean = _mean(positives)
    if negatives:
        mean -= AGAINST * _mean(negatives)
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        raise QueryError("the pictures for and against cancel out: take one of them away")
    return np.asarray(mean[None] / length, dtype=np.float32)


def _mean(weighted: Sequence[Weighted]) -> NDArray[np.float64]:
    for weight, _ in weighted:
        _check_weight(weight)
    weights = np.array([weight for weight, _ in weighted], dtype=np.float64)
    vectors = np.stack([vector for _, vector in weighted]).astype(np.float64)
    # Divided first: the sum of finite weights may not be finite.
    weights /= weights.max()
    return np.asarray(weights @ vectors / weights.sum(), dtype=np.float64)


def _check_weight(weight: float) -> None:
    if not (math.isfinite(weight) and weight > 0):
        raise QueryError(f"a weight has to be above 0, not {weight:g}")
