"""Bootstrap intervals."""

import math

import numpy as np
import pytest

from lookalike.evaluation.bootstrap import Estimate, estimate


def test_interval_is_that_of_the_normal_distribution_for_many_queries() -> None:
    figures = np.random.default_rng(0).uniform(size=4000)
    found = estimate(figures)
    error = 1.96 * figures.std() / math.sqrt(len(figures))
    assert found.value == pytest.approx(figures.mean())
    assert found.low == pytest.approx(figures.mean() - error, abs=error / 8)
    assert found.high == pytest.approx(figures.mean() + error, abs=error / 8)


def test_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    trials = [estimate((rng.uniform(size=150) < 0.7).astype(float), seed=i) for i in range(200)]
    covered = sum(trial.low <= 0.7 <= trial.high for trial in trials)
    assert 0.90 <= covered / 200 <= 0.99


def test_seeded() -> None:
    figures = np.random.default_rng(1).uniform(size=30)
    assert estimate(figures, seed=3) == estimate(figures, seed=3)
    assert estimate(figures, seed=3) != estimate(figures, seed=4)


def test_queries_without_a_figure_are_left_out() -> None:
    assert estimate(np.array([1.0, math.nan, 1.0])) == Estimate(1.0, 1.0, 1.0)


def test_nothing_to_estimate() -> None:
    for figures in (np.array([]), np.array([math.nan])):
        found = estimate(figures)
        assert all(map(math.isnan, (found.value, found.low, found.high)))
