"""Leave-one-out ranking against the plainest NumPy, and what happens to equal scores."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lookalike.evaluation.ranking import leave_one_out, pessimistic_order
from tests.support.records import units


def test_ranks_all_others_by_cosine() -> None:
    embeddings, labels = units(*range(50)), np.arange(50) % 3
    seen = []
    for block in leave_one_out(embeddings, labels, cells=50 * 8):
        assert block.scores.shape == (len(block.rows), 50)
        for row, order, right in zip(block.rows, block.order, block.relevant, strict=True):
            scores = embeddings @ embeddings[row]
            scores[row] = -2
            assert order.tolist() == np.argsort(-scores)[:-1].tolist()
            assert right.tolist() == (labels[order] == labels[row]).tolist()
        seen += block.rows.tolist()
    assert seen == list(range(50))


def test_a_query_is_ranked_even_if_no_block_fits() -> None:
    assert len(list(leave_one_out(units(*range(5)), np.zeros(5, np.int64), cells=1))) == 5


def test_equal_embeddings_gain_nothing_from_the_order_of_files() -> None:
    same = np.repeat(units(1), 6, axis=0)
    for block in leave_one_out(same, np.array([0, 0, 0, 1, 1, 1])):
        assert block.relevant.tolist() == [[False] * 3 + [True] * 2] * 6


def test_nothing_to_rank() -> None:
    assert list(leave_one_out(np.zeros((0, 4), np.float32), np.zeros(0, np.int64))) == []
    (block,) = leave_one_out(units(1), np.array([0]))
    assert block.order.shape == (1, 0)


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.integers(1, 12)),
        elements=st.floats(-1, 1, width=32) | st.sampled_from([0.0, -0.0, -np.inf, 0.5]),
    ),
    st.integers(0, 2**32 - 1),
)
def test_order_is_by_score_then_wrong_then_index(scores: np.ndarray, seed: int) -> None:
    right = np.random.default_rng(seed).integers(0, 2, scores.shape).astype(np.bool_)
    for row, order in enumerate(pessimistic_order(scores, right).tolist()):
        keys = [(-scores[row, column], right[row, column], column) for column in order]
        assert keys == sorted(keys)
        assert sorted(order) == list(range(scores.shape[1]))
