"""Augmentation of whole batches: colour, geometry, mixing.

Geometry (crop, mirror, tilt, resize) is one resampling, after GridSample of Spatial Transformer
Networks (Jaderberg 2015); random resized crops after Szegedy 2015; mixup after Zhang 2018; CutMix
after Yun 2019; random erasing after Zhong 2020. Every random number comes from one generator, so
that a resumed run does what an uninterrupted one would.
"""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional

_LUMA = (0.299, 0.587, 0.114)
_SHRUNK = (0.25, 0.4, 0.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How far a training picture strays from the original.

    Attributes:
        smallest_crop: share of the area that a crop keeps at least, 0..1.
        colour: most change of brightness, contrast and colour, as a share, 0..1.
        tilt: standard deviation of the rotation, radians; every second picture is tilted.
        erase: probability that a patch is painted over, 0..1.
        shrink: probability that a picture loses detail, as a thumbnail of it would, 0..1.
        mix: probability that a batch is mixed (mixup or CutMix, by turns), 0..1.
        mix_strength: parameter of the Beta distribution that the share is drawn from, above 0.
    """

    smallest_crop: float = 0.35
    colour: float = 0.4
    tilt: float = 0.12
    erase: float = 0.25
    shrink: float = 0.3
    mix: float = 0.0
    mix_strength: float = 0.3


def augment(unit: Tensor, size: int, how: Augmentation, random: Generator) -> Tensor:
    """Change each picture of a batch in its own way.

    Args:
        unit: float32 (n, 3, height, width), 0..1.
        size: side of the result, pixels.
        how: the strengths.
        random: on the CPU.

    Returns:
        float32 (n, 3, size, size), 0..1.
    """
    changed = _colour(unit, how.colour, random)
    changed = _geometry(changed, size, how, random)
    changed = _shrink(changed, how.shrink, random)
    return _erase(changed, how.erase, random)


def mix(
    unit: Tensor, targets: Tensor, how: Augmentation, random: Generator
) -> tuple[Tensor, Tensor]:
    """Mix each picture with another one of the batch, and their targets alike.

    Args:
        unit: float32 (n, 3, size, size).
        targets: float32 (n, classes), rows sum to 1.
        how: `mix` is the probability that anything happens.
        random: on the CPU.

    Returns:
        Pictures and targets of the same shapes.
    """
    if float(torch.rand((), generator=random)) >= how.mix:
        return unit, targets
    share = _beta(how.mix_strength, random)
    other = torch.randperm(len(unit), generator=random)
    if float(torch.rand((), generator=random)) < 0.5:
        mixed = share * unit + (1 - share) * unit[other]
    else:
        size = unit.shape[-1]
        side = int(size * math.sqrt(1 - share))
        top, left = torch.randint(0, size - side + 1, (2,), generator=random).tolist()
        mixed = unit.clone()
        patch = unit[other, :, top : top + side, left : left + side]
        mixed[:, :, top : top + side, left : left + side] = patch
        share = 1 - (side / size) ** 2
    return mixed, share * targets + (1 - share) * targets[other]


def _colour(unit: Tensor, strength: float, random: Generator) -> Tensor:
    def factor(scale: float) -> Tensor:
        shape = (len(unit), 1, 1, 1)
        return 1 + (torch.rand(shape, generator=random) * 2 - 1) * strength * scale

    luma = torch.tensor(_LUMA).view(1, 3, 1, 1)
    grey = (unit * luma).sum(dim=1, keepdim=True)
    mean = grey.mean(dim=(2, 3), keepdim=True)
    saturation = factor(1.5)
    # Every tenth picture loses its colour altogether.
    saturation[torch.rand(saturation.shape, generator=random) < 0.1 * bool(strength)] = 0.0
    return ((grey + (unit - grey) * saturation - mean) * factor(1.0) + mean) * factor(1.0)


def _geometry(unit: Tensor, size: int, how: Augmentation, random: Generator) -> Tensor:
    count = len(unit)

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=random)

    area = uniform(how.smallest_crop, 1.0)
    aspect = torch.exp(uniform(math.log(3 / 4), math.log(4 / 3)))
    width, height = (area * aspect).sqrt().clamp(max=1), (area / aspect).sqrt().clamp(max=1)
    centre_x, centre_y = uniform(-1, 1) * (1 - width), uniform(-1, 1) * (1 - height)
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    angle = torch.randn(count, generator=random) * how.tilt * (uniform(0, 1) < 0.5)
    rows = (
        torch.stack([width * mirror * angle.cos(), -height * angle.sin(), centre_x], dim=1),
        torch.stack([width * mirror * angle.sin(), height * angle.cos(), centre_y], dim=1),
    )
    grid = functional.affine_grid(
        torch.stack(rows, dim=1), [count, 3, size, size], align_corners=False
    )
    out = functional.grid_sample(unit, grid, mode="bilinear", align_corners=False)
    return out.clamp(0, 1)


def _shrink(unit: Tensor, probability: float, random: Generator) -> Tensor:
    size = unit.shape[-1]
    drawn = torch.rand(len(unit), generator=random)
    for turn, share in enumerate(_SHRUNK):
        low, high = (probability * edge / len(_SHRUNK) for edge in (turn, turn + 1))
        chosen = torch.nonzero((drawn >= low) & (drawn < high)).flatten()
        if len(chosen):
            small = _resized(unit[chosen], max(4, int(size * share)))
            unit[chosen] = _resized(small, size)
    return unit


def _resized(unit: Tensor, size: int) -> Tensor:
    return functional.interpolate(
        unit, size=(size, size), mode="bilinear", align_corners=False, antialias=True
    )


def _erase(unit: Tensor, probability: float, random: Generator) -> Tensor:
    size = unit.shape[-1]
    for picture in unit:
        if float(torch.rand((), generator=random)) < probability:
            side = int(size * (0.15 + 0.25 * float(torch.rand((), generator=random))))
            top, left = torch.randint(0, size - side + 1, (2,), generator=random).tolist()
            colour = torch.rand(3, 1, 1, generator=random)
            picture[:, top : top + side, left : left + side] = colour
    return unit


def _beta(strength: float, random: Generator) -> float:
    """A draw of Beta(strength, strength), by Jöhnk's method, which needs uniform numbers only."""
    for _ in range(1000):
        u, v = (torch.rand(2, generator=random) ** (1 / strength)).tolist()
        if 0 < u + v <= 1:
            return float(u / (u + v))
    return 0.5
