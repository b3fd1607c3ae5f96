"""The metrics: cases worked out by hand, and scikit-learn's opinion on random ones."""

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score
from sklearn.neighbors import KNeighborsClassifier

from lookalike.evaluation import metrics
from lookalike.evaluation.ranking import leave_one_out


def relevance(*rows: str) -> metrics.Relevance:
    """One string a query: x is relevant, . is not."""
    return np.array([[mark == "x" for mark in row] for row in rows])


def test_nearest_is_right() -> None:
    assert metrics.nearest_is_right(relevance("x..x", ".xxx")).tolist() == [1, 0]


def test_precision_counts_the_first_k() -> None:
    assert metrics.precision_at(relevance("x.xx.", ".x..."), 3).tolist() == [2 / 3, 1 / 3]


def test_precision_of_fewer_pictures_than_k_is_that_of_all() -> None:
    assert metrics.precision_at(relevance("x.x"), 10).tolist() == [2 / 3]


def test_recall_is_a_share_of_all_that_are_relevant() -> None:
    assert metrics.recall_at(relevance("x.xx.", ".x..."), 3).tolist() == [2 / 3, 1]


def test_average_precision_by_hand() -> None:
    # Relevant at ranks 1, 3 and 4: (1/1 + 2/3 + 3/4) / 3.
    figures = metrics.average_precision(relevance("x.xx.", "....x", "xx..."))
    assert figures == pytest.approx([(1 + 2 / 3 + 3 / 4) / 3, 1 / 5, 1])


def test_ndcg_by_hand() -> None:
    # Ranks 2 and 3 of three shown, where three relevant ones could have been.
    gain = 1 / math.log2(3) + 1 / math.log2(4)
    best = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert metrics.ndcg_at(relevance(".xx.x"), 3) == pytest.approx([gain / best])
    # Only one is relevant, so the best order has one gain.
    assert metrics.ndcg_at(relevance(".x..."), 3) == pytest.approx([1 / math.log2(3)])


@pytest.mark.parametrize(
    "figures",
    [
        metrics.nearest_is_right,
        metrics.average_precision,
        lambda some: metrics.precision_at(some, 2),
        lambda some: metrics.recall_at(some, 2),
        lambda some: metrics.ndcg_at(some, 2),
    ],
)
class TestWithoutARightAnswer:
    def test_a_query_alone_in_its_class_has_no_figure(self, figures) -> None:  # type: ignore[no-untyped-def]
        alone, other = figures(relevance("...", "x.."))
        assert math.isnan(alone)
        assert other > 0

    def test_no_queries_give_no_figures(self, figures) -> None:  # type: ignore[no-untyped-def]
        assert figures(np.zeros((0, 5), np.bool_)).shape == (0,)

    def test_a_query_with_nothing_to_find_has_no_figure(self, figures) -> None:  # type: ignore[no-untyped-def]
        assert np.isnan(figures(np.zeros((2, 0), np.bool_))).all()


def test_mean_leaves_out_what_has_no_figure() -> None:
    assert metrics.mean(np.array([1, math.nan, 0.5])) == 0.75
    assert math.isnan(metrics.mean(np.array([math.nan])))
    assert math.isnan(metrics.mean(np.array([])))


def test_mean_by_class() -> None:
    by_class = metrics.mean_by_class(
        np.array([1, 0.5, 0.25, math.nan]), np.array([0, 0, 1, 2]), classes=4
    )
    assert by_class[:2].tolist() == [0.75, 0.25]
    assert np.isnan(by_class[2:]).all()


@pytest.fixture(scope="module")
def case() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 90)
    raw = rng.normal(size=(90, 8)) + np.eye(8)[labels] * 1.5
    unit = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    return unit.astype(np.float32), labels


class TestAgainstScikitLearn:
    def test_average_precision_and_ndcg(self, case: tuple[np.ndarray, np.ndarray]) -> None:
        embeddings, labels = case
        for block in leave_one_out(embeddings, labels, cells=90 * 7):
            ours = metrics.average_precision(block.relevant)
            discounted = metrics.ndcg_at(block.relevant, 10)
            for place, row in enumerate(block.rows):
                others = np.arange(len(labels)) != row
                right = (labels == labels[row])[others]
                scores = block.scores[place][others]
                assert ours[place] == pytest.approx(average_precision_score(right, scores))
                assert discounted[place] == pytest.approx(
                    ndcg_score([right.astype(float)], [scores], k=10)
                )

    def test_nearest_neighbour(self, case: tuple[np.ndarray, np.ndarray]) -> None:
        embeddings, labels = case
        ours = np.concatenate(
            [metrics.nearest_is_right(b.relevant) for b in leave_one_out(embeddings, labels)]
        )
        for row in range(len(labels)):
            others = np.arange(len(labels)) != row
            judge = KNeighborsClassifier(1, metric="cosine").fit(embeddings[others], labels[others])
            assert ours[row] == (judge.predict(embeddings[[row]])[0] == labels[row])
