"""Leave-one-out: every picture is a query, all others are ranked by cosine; in bounded memory."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.types import Embeddings, Ids

_CELLS = 4_000_000
"""Query and picture pairs that are ranked at a time: about 150 MB of scores, keys and orders."""


class RankedBlock(NamedTuple):
    """Some of the queries, each against all n pictures.

    Attributes:
        rows: (q,) int64, which pictures are the queries.
        scores: (q, n) float32, cosine to every picture; -inf to the query itself.
        order: (q, n-1) int64, the other pictures, nearest first.
        relevant: (q, n-1) bool, in that order: whether it is of the query's class.
    """

    rows: Ids
    scores: NDArray[np.float32]
    order: Ids
    relevant: NDArray[np.bool_]


def leave_one_out(
    embeddings: Embeddings, labels: NDArray[np.int64], *, cells: int = _CELLS
) -> Iterator[RankedBlock]:
    """Rank all pictures for each of them, block by block.

    Args:
        embeddings: (n, dimension) float32, each row of length 1.
        labels: (n,) class of each picture.
        cells: pairs at a time; at least one query is ranked at a time.
    """
    count = len(embeddings)
    size = max(1, cells // max(1, count))
    for start in range(0, count, size):
        rows = np.arange(start, min(start + size, count))
        scores = embeddings[rows] @ embeddings.T
        scores[np.arange(len(rows)), rows] = -np.inf
        right = labels[rows, None] == labels
        order = pessimistic_order(scores, right)[:, :-1]  # the query itself comes last
        yield RankedBlock(rows, scores, order, np.take_along_axis(right, order, axis=1))


def pessimistic_order(scores: NDArray[np.float32], right: NDArray[np.bool_]) -> Ids:
    """Columns by falling score; among equal scores the wrong ones come first, then by index.

    So an encoder that gives every picture the same embedding gains nothing from the order in
    which the files lie.

    Args:
        scores: (q, n) float32 without NaN.
        right: (q, n) bool.

    Returns:
        (q, n) int64.
    """
    # One sort of integers instead of an argsort of three keys: 32 bits that rise as the score
    # falls, one bit for right, 31 bits for the column. Adding 0.0 turns -0.0 into 0.0.
    bits = (scores.astype(np.float32) + np.float32(0.0)).view(np.int32)
    falling = np.where(bits < 0, bits & np.int32(0x7FFFFFFF), -1 - bits).astype(np.int64)
    keys = (falling << 32) | (right.astype(np.int64) << 31) | np.arange(scores.shape[1])
    keys.sort(axis=1)
    return keys & 0x7FFFFFFF
