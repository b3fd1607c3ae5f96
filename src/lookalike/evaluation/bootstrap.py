"""How far a mean over queries could be off: percentile bootstrap, seeded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Figures

RESAMPLES = 1000
CONFIDENCE = 0.95

_DRAWS = 4_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its confidence interval."""

    value: float
    low: float
    high: float


def estimate(
    figures: Figures,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """The mean of `figures`, NaN left out, with its percentile bootstrap interval.

    The queries are drawn again with replacement; the pictures that they are searched in stay. The
    same seed draws the same queries, so two encoders are compared on the same resamples. Source:
    Efron and Tibshirani 1993, An Introduction to the Bootstrap, 13.3.

    Args:
        figures: (queries,), NaN where a query has none.
        seed: of the resampling.
        resamples: how many means are drawn.
        confidence: within 0..1.

    Returns:
        All three NaN where there is no figure, and all three equal where there is but one.
    """
    known = figures[~np.isnan(figures)]
    if not len(known):
        return Estimate(float("nan"), float("nan"), float("nan"))
    means = _resampled_means(known, np.random.default_rng(seed), resamples)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(float(known.mean()), float(low), float(high))


def _resampled_means(known: Figures, rng: np.random.Generator, resamples: int) -> Figures:
    size = max(1, _DRAWS // len(known))
    parts: list[NDArray[np.float64]] = []
    for start in range(0, resamples, size):
        draws = rng.integers(0, len(known), (min(size, resamples - start), len(known)))
        parts.append(known[draws].mean(axis=1))
    return np.concatenate(parts)
