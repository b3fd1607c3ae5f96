"""Pictures as a model sees them, in torch."""

import torch
from torch import Tensor
from torch.nn import functional

from lookalike.encoders import InputSpec
from lookalike.types import Pixels


def to_unit(pixels: Pixels) -> Tensor:
    """RGB uint8 (n, height, width, 3) to float32 (n, 3, height, width), 0..1."""
    return torch.from_numpy(pixels.copy()).permute(0, 3, 1, 2).float().div_(255.0)


def scale(unit: Tensor, spec: InputSpec) -> Tensor:
    """(n, 3, height, width) in 0..1 to what the model sees: `(x - mean) / std`, channels last."""
    mean = torch.tensor(spec.mean, device=unit.device).view(1, 3, 1, 1)
    std = torch.tensor(spec.std, device=unit.device).view(1, 3, 1, 1)
    return ((unit - mean) / std).contiguous(memory_format=torch.channels_last)


def to_input(pixels: Pixels, spec: InputSpec, size: int | None = None) -> Tensor:
    """Whole pictures to the model's input.

    Args:
        pixels: RGB uint8 (n, height, width, 3).
        spec: gives size, mean and std.
        size: side in pixels, where it is not the spec's.

    Returns:
        float32 (n, 3, height, width), channels last.
    """
    unit = to_unit(pixels)
    shape = (size, size) if size else (spec.height, spec.width)
    if tuple(unit.shape[2:]) != shape:
        unit = functional.interpolate(
            unit, size=shape, mode="bilinear", align_corners=False, antialias=True
        )
    return scale(unit, spec)
