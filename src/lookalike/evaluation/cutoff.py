"""Where to cut the results off, so that a query that has nothing to find shows nothing.

Pairs of pictures drawn at random say little about that: a search shows the nearest ones, and the
nearest of the wrong pictures score far above a random pair. So the threshold is set between what
a search would show: the ten nearest pictures of the query's own class, which should stay, and the
ten nearest of all others, which are what it would show if its class were not there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.ranking import RankedBlock

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A score to cut results off at.

    Attributes:
        score: keep what is at or above.
        kept: share of the ten nearest pictures of the query's class that stays.
        dropped: share of the ten nearest pictures of other classes that goes.
    """

    score: float
    kept: float
    dropped: float


def shown(block: RankedBlock, k: int = SHOWN) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scores of the `k` nearest pictures of each query's class, and of the `k` nearest others.

    Returns:
        Two arrays in one dimension, over all queries of the block; fewer than `k` a query where
        there are fewer.
    """
    ranked = np.take_along_axis(block.scores, block.order, axis=1)
    right, wrong = (
        ranked[mask & (np.cumsum(mask, axis=1, dtype=np.int32) <= k)]
        for mask in (block.relevant, ~block.relevant)
    )
    return right, wrong


def best_cutoff(right: NDArray[np.float32], wrong: NDArray[np.float32]) -> Cutoff:
    """The score with the highest sum of `kept` and `dropped`; the lowest of equally good ones.

    Source: Youden 1950, Index for rating diagnostic tests.

    Args:
        right: scores that should stay, at least one.
        wrong: scores that should go, at least one.
    """
    candidates = np.unique(right)
    kept = 1 - np.searchsorted(np.sort(right), candidates) / len(right)
    dropped = np.searchsorted(np.sort(wrong), candidates) / len(wrong)
    best = int(np.argmax(kept + dropped))
    return Cutoff(float(candidates[best]), float(kept[best]), float(dropped[best]))
