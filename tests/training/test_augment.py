"""Augmented pictures stay pictures, and a seed decides them."""

import torch

from lookalike.training import Augmentation
from lookalike.training.augment import augment, mix


def batch() -> torch.Tensor:
    return torch.rand(6, 3, 40, 48, generator=torch.Generator().manual_seed(1))


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_shape_and_range() -> None:
    out = augment(batch(), 32, Augmentation(shrink=1.0, erase=1.0), seeded(0))
    assert out.shape == (6, 3, 32, 32)
    assert float(out.min()) >= 0
    assert float(out.max()) <= 1


def test_a_seed_decides() -> None:
    how = Augmentation()
    first, second = (augment(batch(), 32, how, seeded(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, augment(batch(), 32, how, seeded(4)))


def test_mixed_targets_sum_to_one() -> None:
    targets = torch.eye(3)[torch.tensor([0, 1, 2, 0, 1, 2])]
    for seed in range(8):
        unit, mixed = mix(batch(), targets, Augmentation(mix=1.0), seeded(seed))
        assert torch.allclose(mixed.sum(dim=1), torch.ones(6))
        assert unit.shape == batch().shape


def test_unmixed_by_default() -> None:
    unit, targets = batch(), torch.eye(6)
    same, also = mix(unit, targets, Augmentation(), seeded(0))
    assert same is unit
    assert also is targets
