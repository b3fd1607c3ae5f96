"""Pictures for and against, as one embedding."""

import numpy as np
import pytest

from lookalike.errors import QueryError
from lookalike.search.combine import AGAINST, Weighted, combine
from tests.support.records import unit


def weighted(*pairs: tuple[float, int]) -> list[Weighted]:
    return [(weight, unit(seed)) for weight, seed in pairs]


def test_one_picture_is_itself() -> None:
    np.testing.assert_array_equal(combine(weighted((0.3, 1))), unit(1)[None])


def test_several_are_their_mean_by_weight() -> None:
    mean = (2 * unit(1) + 1 * unit(2)) / 3
    expected = mean / np.linalg.norm(mean)
    np.testing.assert_allclose(combine(weighted((2, 1), (1, 2)))[0], expected, atol=1e-6)
    # Only the proportions of weights count.
    np.testing.assert_allclose(combine(weighted((200, 1), (100, 2)))[0], expected, atol=1e-6)


def test_negatives_are_subtracted() -> None:
    mean = (unit(1) + unit(2)) / 2 - AGAINST * (3 * unit(3) + unit(4)) / 4
    expected = mean / np.linalg.norm(mean)
    found = combine(weighted((1, 1), (1, 2)), weighted((3, 3), (1, 4)))
    assert found.shape == (1, 24)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


def test_extreme_weights() -> None:
    np.testing.assert_allclose(combine(weighted((1e308, 1), (1e-300, 2)))[0], unit(1), atol=1e-6)


def test_what_makes_no_sense() -> None:
    with pytest.raises(QueryError, match="at least one picture"):
        combine([], weighted((1, 1)))
    with pytest.raises(QueryError, match="cancel out"):
        combine([(1, unit(1)), (1, np.asarray(-unit(1)))])
    for weight in (0, -1, float("nan"), float("inf")):
        with pytest.raises(QueryError, match="above 0"):
            combine(weighted((weight, 1)))
        with pytest.raises(QueryError, match="above 0"):
            combine(weighted((1, 1)), weighted((weight, 2)))
