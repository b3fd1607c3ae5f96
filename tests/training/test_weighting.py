"""Class weighting, by hand and on a trained network."""

import pytest
import torch

from lookalike.training import TrainingResult
from lookalike.training.weighting import weigh

X = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
LOGITS = torch.tensor([[5.0, 0.0], [0.0, 5.0]])
W = torch.tensor([[10.0, -1.0], [0.5, 2.0]])


def test_published_takes_one_row_a_picture() -> None:
    assert weigh(X, LOGITS, W, "published").tolist() == [[10.0, -2.0], [1.5, 8.0]]


def test_none_changes_nothing() -> None:
    assert weigh(X, LOGITS, W, "none") is X


def test_soft_takes_the_mean_of_the_rows_by_belief() -> None:
    even = torch.zeros(1, 2)
    assert weigh(X[:1], even, W, "soft").tolist() == [[5.25, 1.0]]
    assert weigh(X[:1], even, W, "importance").tolist() == [[5.25, 3.0]]


def test_soft_becomes_published_when_cold() -> None:
    cold = weigh(X, LOGITS, W, "soft", 0.01)
    assert torch.allclose(cold, weigh(X, LOGITS, W, "published"))


def test_weighting_raises_map(trained: tuple[TrainingResult, object]) -> None:
    rows = {(row["weighting"], row["temperature"]): row["map"] for row in trained[0].weightings}
    best = max(value for (name, _), value in rows.items() if name != "none")
    assert best > rows["none", 1.0] or best == pytest.approx(1.0)
