"""Retrieval metrics: pure functions of what is relevant at each rank.

`relevant` is bool (queries, n), nearest first: whether the picture at that rank is of the query's
class. Every function gives one figure a query, float64 (queries,), within 0..1. A query without
any relevant picture has no right answer: its figure is NaN, and `mean` leaves it out.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Relevance: TypeAlias = NDArray[np.bool_]
Figures: TypeAlias = NDArray[np.float64]


def nearest_is_right(relevant: Relevance) -> Figures:
    """1 where the nearest picture is of the query's class, else 0; the mean is 1-NN accuracy.

    Source: Fix and Hodges 1951, the nearest-neighbour rule.
    """
    return _defined(relevant, relevant[:, :1].sum(axis=1))


def precision_at(relevant: Relevance, k: int) -> Figures:
    """Share of the first `k` that is relevant; of all that there are, where those are fewer.

    Source: Manning, Raghavan and Schütze 2008, Introduction to Information Retrieval, 8.4.

    Args:
        relevant: bool (queries, n).
        k: at least 1.
    """
    shown = max(1, min(k, relevant.shape[1]))
    return _defined(relevant, relevant[:, :k].sum(axis=1) / shown)


def recall_at(relevant: Relevance, k: int) -> Figures:
    """Share of the relevant pictures that is among the first `k`.

    Source: Manning, Raghavan and Schütze 2008, 8.3.

    Args:
        relevant: bool (queries, n).
        k: at least 1.
    """
    total = np.maximum(1, relevant.sum(axis=1))
    return _defined(relevant, relevant[:, :k].sum(axis=1) / total)


def average_precision(relevant: Relevance) -> Figures:
    """Mean, over the relevant pictures, of the precision at each one's rank.

    The mean over queries is mAP over the full ranking. Source: Manning, Raghavan and Schütze 2008,
    8.8; without interpolation, as TREC and scikit-learn's `average_precision_score` have it.
    """
    ranks = np.arange(1, relevant.shape[1] + 1, dtype=np.float64)
    found = np.cumsum(relevant, axis=1, dtype=np.int32)
    total = np.maximum(1, relevant.sum(axis=1))
    return _defined(relevant, np.where(relevant, found / ranks, 0.0).sum(axis=1) / total)


def ndcg_at(relevant: Relevance, k: int) -> Figures:
    """Discounted gain of the first `k` over that of the best order; a relevant picture gains 1.

    Source: Järvelin and Kekäläinen 2002, with the discount 1 / log2(rank + 1) that scikit-learn's
    `ndcg_score` takes.

    Args:
        relevant: bool (queries, n).
        k: at least 1.
    """
    shown = min(k, relevant.shape[1])
    discount = 1 / np.log2(np.arange(2, shown + 2, dtype=np.float64))
    ideal = np.concatenate([[0.0], np.cumsum(discount)])
    best = ideal[np.minimum(relevant.sum(axis=1), shown)]
    gain = relevant[:, :shown] @ discount
    return _defined(relevant, gain / np.where(best > 0, best, 1.0))


def mean(figures: Figures) -> float:
    """Mean over the queries that have a figure; NaN where none has."""
    known = figures[~np.isnan(figures)]
    return float(known.mean()) if len(known) else float("nan")


def mean_by_class(figures: Figures, labels: NDArray[np.int64], classes: int) -> Figures:
    """Mean over the queries of each class.

    Args:
        figures: (queries,), NaN where a query has none.
        labels: (queries,), within 0..classes-1.
        classes: how many there are.

    Returns:
        (classes,), NaN for a class without any figure.
    """
    return np.array([mean(figures[labels == label]) for label in range(classes)], np.float64)


def _defined(relevant: Relevance, figures: NDArray[np.number]) -> Figures:
    return np.where(relevant.any(axis=1), figures, np.nan).astype(np.float64)
