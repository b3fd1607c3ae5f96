"""The threshold between what a search should show and what it should not."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from lookalike.evaluation.cutoff import Cutoff, best_cutoff, shown
from lookalike.evaluation.ranking import leave_one_out
from tests.support.records import units


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_by_hand() -> None:
    # 0.5 keeps three of four and drops both; 0.25 keeps all and drops one of two.
    assert best_cutoff(floats(0.25, 0.5, 0.75, 1), floats(0.125, 0.375)) == Cutoff(0.5, 0.75, 1.0)


def test_all_stay_and_all_go_where_they_lie_apart() -> None:
    assert best_cutoff(floats(0.75, 0.5), floats(0.25, -1)) == Cutoff(0.5, 1.0, 1.0)


def test_where_nothing_tells_them_apart_everything_stays() -> None:
    assert best_cutoff(floats(0.5, 0.5), floats(0.5)) == Cutoff(0.5, 1.0, 0.0)


def test_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    right = rng.normal(0.7, 0.1, 400).astype(np.float32)
    wrong = rng.normal(0.5, 0.1, 300).astype(np.float32)
    false, true, _ = roc_curve([1] * 400 + [0] * 300, np.concatenate([right, wrong]))
    found = best_cutoff(right, wrong)
    assert found.kept + found.dropped - 1 == pytest.approx((true - false).max())
    assert found.kept == pytest.approx((right >= found.score).mean())
    assert found.dropped == pytest.approx((wrong < found.score).mean())


def test_takes_the_nearest_of_each_kind() -> None:
    embeddings, labels = units(*range(20)), np.arange(20) % 2
    (block,) = leave_one_out(embeddings, labels)
    right, wrong = shown(block, 3)
    scores = embeddings @ embeddings.T
    np.fill_diagonal(scores, -2)
    same = labels[:, None] == labels
    assert right == pytest.approx(np.sort(np.where(same, scores, -2))[:, :-4:-1].ravel())
    assert wrong == pytest.approx(np.sort(np.where(same, -2, scores))[:, :-4:-1].ravel())
