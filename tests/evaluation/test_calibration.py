"""Calibration: the isotonic fit against scikit-learn, and the threshold against a plain search."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from lookalike.evaluation.calibration import BINS, PairCounts, calibrate, isotonic


def counted(
    scores: np.ndarray, labels: np.ndarray, *, block: int = 16, seed: int = 0
) -> PairCounts:
    counts = PairCounts(labels, seed)
    for start in range(0, len(labels), block):
        rows = np.arange(start, min(start + block, len(labels)))
        counts.add(rows, scores[rows])
    return counts


@pytest.fixture(scope="module")
def case() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 3, 160)
    raw = rng.normal(size=(160, 6)) + np.eye(6)[labels] * 1.6
    unit = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    return unit @ unit.T, labels


def pairs(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    upper = np.triu_indices(len(labels), 1)
    return scores[upper], (labels[:, None] == labels)[upper]


def test_isotonic_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    for size in (1, 2, 7, 200):
        values, weights = rng.uniform(size=size), rng.uniform(0.1, 3, size)
        judge = IsotonicRegression().fit(np.arange(size), values, weights).predict(np.arange(size))
        assert isotonic(values, weights) == pytest.approx(judge)


def test_every_pair_is_counted_once(case: tuple[np.ndarray, np.ndarray]) -> None:
    scores, same = pairs(*case)
    counts = counted(*case)
    assert counts.same.sum() == same.sum()
    assert counts.different.sum() == (~same).sum()
    bins = np.clip((scores + 1) * BINS / 2, 0, BINS - 1).astype(int)
    assert (counts.same.sum(axis=0) == np.bincount(bins[same], minlength=BINS)).all()
    # Halves of 80 pictures each, and the mixed pairs.
    assert counts.same[:2].sum() + counts.different[:2].sum() == 2 * 80 * 79 / 2


def test_probability_never_falls_and_is_near_the_truth(
    case: tuple[np.ndarray, np.ndarray],
) -> None:
    found = calibrate(counted(*case))
    assert (np.diff(found.probabilities) >= 0).all()
    assert found.probabilities.min() >= 0
    assert found.probabilities.max() <= 1
    scores, same = pairs(*case)
    for low, high in ((-0.5, 0), (0, 0.3), (0.3, 0.6), (0.6, 0.9)):
        within = (scores >= low) & (scores < high)
        stated = found.probability(scores[within].astype(np.float64)).mean()
        assert stated == pytest.approx(same[within].mean(), abs=0.03)
    assert found.error < 0.1, "80 pictures a half: a rough curve, but no nonsense"


def test_strict_threshold_is_the_lowest_that_is_precise(
    case: tuple[np.ndarray, np.ndarray],
) -> None:
    found = calibrate(counted(*case)).precise
    scores, same = pairs(*case)
    assert found is not None
    kept = scores >= found.score
    assert found.precision == pytest.approx(same[kept].mean())
    assert found.precision >= 0.95
    assert found.recall == pytest.approx(same[kept].sum() / same.sum())
    step = 2 / BINS
    assert not any(
        same[scores >= lower].mean() >= 0.95 for lower in np.arange(-1, found.score, step)
    )


def test_a_collapsed_encoder_has_no_strict_threshold() -> None:
    labels = np.arange(12) % 2
    found = calibrate(counted(np.ones((12, 12), np.float32), labels))
    assert found.precise is None
    assert found.probability(np.array([0.0, 1.0])) == pytest.approx([30 / 66] * 2)


def test_four_pictures_are_enough() -> None:
    labels = np.array([0, 0, 1, 1])
    scores = np.where(labels[:, None] == labels, 0.9, 0.1).astype(np.float32)
    found = calibrate(counted(scores, labels))
    assert found.precise is not None
    assert 0.1 < found.precise.score <= 0.9
    assert (found.precise.precision, found.precise.recall) == (1, 1)
