"""What a score means: the probability that two pictures are of one class.

The calibration is isotonic: it asks only that the probability never falls as the score rises.
Cosines of one encoder crowd near 1, those of another spread wide, and a logistic curve fits
neither end of such distributions; an evaluation has so many pairs that the freedom of the
isotonic fit costs nothing. It is kept as a curve of 51 points, to be interpolated between.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 4000
"""Of the scores -1..1, so that all pairs of a large folder fit in a few kilobytes."""

PRECISION = 0.95
_POINTS = 51
_RELIABILITY_BINS = 10
_CENTRES = (np.arange(BINS) + 0.5) * 2 / BINS - 1


class PairCounts:
    """How many pairs of pictures have which score: same class and different, in two halves.

    The pictures are halved by seed. A pair whose two pictures are both in the first half is of
    the first half, likewise in the second, so that a curve fitted on one half can be judged on
    pairs of pictures that it has not seen. The last row of the counts has the mixed pairs.

    Attributes:
        same: (3, BINS) int64, pairs of one class.
        different: (3, BINS) int64, all others.
    """

    def __init__(self, labels: NDArray[np.int64], seed: int) -> None:
        self._labels = labels
        self._half = np.random.default_rng(seed).permutation(len(labels)) % 2
        self.same = np.zeros((3, BINS), np.int64)
        self.different = np.zeros((3, BINS), np.int64)

    def add(self, rows: NDArray[np.int64], scores: NDArray[np.float32]) -> None:
        """Count a block: scores (q, n) of the pictures `rows` to all; each pair counts once."""
        columns = np.arange(len(self._labels))
        later = columns > rows[:, None]
        part = np.where(self._half[rows, None] == self._half, self._half, 2)
        # float32 cosines of equal vectors may come out a hair above 1.
        bins = np.clip((scores[later] + 1) * (BINS / 2), 0, BINS - 1).astype(np.int64)
        code = part[later] * BINS + bins
        same = (self._labels[rows, None] == self._labels)[later]
        self.same += np.bincount(code[same], minlength=3 * BINS).reshape(3, BINS)
        self.different += np.bincount(code[~same], minlength=3 * BINS).reshape(3, BINS)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A score to cut off at, and what it does to the pairs of the folder.

    Attributes:
        score: keep what is at or above.
        precision: share of the kept pairs that is of one class.
        recall: share of the pairs of one class that is kept.
    """

    score: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the scores of an encoder mean on a folder.

    Attributes:
        scores: (51,) rising; below the first and above the last the probability stays.
        probabilities: (51,) never falling: that two pictures with that score are of one class.
        error: expected calibration error (Guo et al. 2017), 0..1, of a curve fitted on one half of
            the pictures, on the pairs of the other half.
        reliability: (bins, 2): stated and true probability in ten equal ranges of the stated one,
            from the same two halves; ranges without pairs are left out.
        precise: the lowest threshold of a precision of at least 0.95; None where there is none.
        same: (BINS,) int64, pairs of one class by score.
        different: (BINS,) int64, all other pairs by score.
    """

    scores: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    error: float
    reliability: NDArray[np.float64]
    precise: Threshold | None
    same: NDArray[np.int64]
    different: NDArray[np.int64]

    def probability(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability for each score, by linear interpolation."""
        return np.interp(scores, self.scores, self.probabilities)


def calibrate(counts: PairCounts) -> Calibration:
    """Fit the curve and find the threshold; there has to be a pair of either kind."""
    same, different = counts.same.sum(axis=0), counts.different.sum(axis=0)
    scores, probabilities = _curve(same, different)
    held_in, held_out = _halves(counts)
    stated = np.interp(_CENTRES, *_curve(*held_in))
    error, reliability = _reliability(stated, *held_out)
    precise = _precise(same, different)
    return Calibration(scores, probabilities, error, reliability, precise, same, different)


def isotonic(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The never falling sequence nearest to `values` in weighted squares.

    Pool adjacent violators; source: Ayer et al. 1955.

    Args:
        values: (n,).
        weights: (n,), positive.
    """
    pools: list[tuple[float, float, int]] = []  # mean, weight, length
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, mass, length = value, weight, 1
        while pools and pools[-1][0] >= mean:
            other, more, longer = pools.pop()
            mean = (mean * mass + other * more) / (mass + more)
            mass, length = mass + more, length + longer
        pools.append((mean, mass, length))
    return np.repeat([pool[0] for pool in pools], [pool[2] for pool in pools])


def _curve(
    same: NDArray[np.int64], different: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    pairs = same + different
    there = np.flatnonzero(pairs)
    fitted = isotonic(same[there] / pairs[there], pairs[there].astype(np.float64))
    grid = np.linspace(_CENTRES[there[0]], _CENTRES[there[-1]], _POINTS)
    return grid, np.interp(grid, _CENTRES[there], fitted)


def _halves(
    counts: PairCounts,
) -> tuple[
    tuple[NDArray[np.int64], NDArray[np.int64]], tuple[NDArray[np.int64], NDArray[np.int64]]
]:
    halves = [(counts.same[half], counts.different[half]) for half in (0, 1)]
    if all(same.sum() and different.sum() for same, different in halves):
        return halves[0], halves[1]
    # A handful of pictures: the halves have no pairs of both kinds, so the whole judges itself.
    whole = counts.same.sum(axis=0), counts.different.sum(axis=0)
    return whole, whole


def _reliability(
    stated: NDArray[np.float64], same: NDArray[np.int64], different: NDArray[np.int64]
) -> tuple[float, NDArray[np.float64]]:
    pairs = (same + different).astype(np.float64)
    ranges = np.minimum((stated * _RELIABILITY_BINS).astype(np.int64), _RELIABILITY_BINS - 1)
    mass = np.bincount(ranges, pairs, _RELIABILITY_BINS)
    there = mass > 0
    claimed = np.bincount(ranges, pairs * stated, _RELIABILITY_BINS)[there] / mass[there]
    true = np.bincount(ranges, same.astype(np.float64), _RELIABILITY_BINS)[there] / mass[there]
    error = float((np.abs(claimed - true) * mass[there]).sum() / pairs.sum())
    return error, np.stack([claimed, true], axis=1)


def _precise(same: NDArray[np.int64], different: NDArray[np.int64]) -> Threshold | None:
    right = same[::-1].cumsum()[::-1]
    kept = right + different[::-1].cumsum()[::-1]
    precise = np.flatnonzero((right > 0) & (right >= PRECISION * kept))
    if not len(precise):
        return None
    lowest = int(precise[0])
    return Threshold(
        score=2 * lowest / BINS - 1,
        precision=float(right[lowest] / kept[lowest]),
        recall=float(right[lowest] / right[0]),
    )
