"""Figures of the validation part, by hand."""

import pytest
import torch

from lookalike.training.measure import accuracy, confusion, nearest, retrieval


def test_retrieval_by_hand() -> None:
    # On a circle: a a b a. The first a finds a b a, so (1/1 + 2/3) / 2.
    angles = torch.tensor([0.0, 0.1, 0.3, 0.6])
    points = torch.stack([angles.cos(), angles.sin()], dim=1)
    labels = torch.tensor([0, 0, 1, 0])
    first = (1 + 2 / 3) / 2
    second = (1 + 2 / 3) / 2  # a b a
    fourth = (1 / 2 + 2 / 3) / 2  # b a a
    precision, mean_average = retrieval(points, labels)
    assert mean_average == pytest.approx((first + second + fourth) / 3)
    assert precision == pytest.approx(2 / 3)  # the b has no companion and does not count


def test_retrieval_of_nothing() -> None:
    assert retrieval(torch.rand(2, 3), torch.tensor([0, 1])) == (0.0, 0.0)


def test_accuracy_and_confusion() -> None:
    logits = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    labels = torch.tensor([0, 1, 1])
    assert accuracy(logits, labels) == pytest.approx(2 / 3)
    assert confusion(logits, labels).tolist() == [[1, 0], [1, 1]]


def test_nearest_is_by_direction() -> None:
    gallery = torch.tensor([[10.0, 0.0], [0.0, 1.0]])
    assert nearest(torch.tensor([[0.1, 1.0], [3.0, 1.0]]), gallery).tolist() == [1, 0]
