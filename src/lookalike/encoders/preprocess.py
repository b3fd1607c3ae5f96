"""A picture to the pixels that a model sees. Scaling to floats is part of the runtime's graph."""

import numpy as np
from PIL import Image

from lookalike.decode import Picture
from lookalike.encoders.spec import InputSpec
from lookalike.types import Pixels

_RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

_REDUCING_GAP = 2.0
"""A large picture is first averaged down to twice the target, then resampled: as good to the eye
and to the embedding, and many times faster than resampling from the full size."""

_LONGEST = 8
"""A crop sees only the middle of a long strip. Of one longer than this times its short side, the
ends are cut off first: all of 60,000 x 1 pixels would be resized to gigabytes."""


def decode_hint(spec: InputSpec) -> int:
    """Pixels that each side of the decoded picture should keep for this model."""
    return int(_REDUCING_GAP * max(_resized_short_side(spec), spec.width, spec.height))


def to_pixels(picture: Picture, spec: InputSpec) -> Pixels:
    """Resize, and crop where the model wants it.

    Returns:
        RGB uint8, (height, width, 3) of the spec.
    """
    image = picture.image
    resample = _RESAMPLING[spec.interpolation]
    if spec.resize == "stretch":
        image = image.resize((spec.width, spec.height), resample, reducing_gap=_REDUCING_GAP)
        return np.asarray(image)
    short = _resized_short_side(spec)
    image = _without_ends(image)
    width, height = image.size
    # The rounding of torchvision's Resize and CenterCrop, so that published models agree.
    if width <= height:
        size = (short, int(short * height / width))
    else:
        size = (int(short * width / height), short)
    image = image.resize(size, resample, reducing_gap=_REDUCING_GAP)
    left = round((size[0] - spec.width) / 2.0)
    top = round((size[1] - spec.height) / 2.0)
    return np.asarray(image.crop((left, top, left + spec.width, top + spec.height)))


def _without_ends(image: Image.Image) -> Image.Image:
    width, height = image.size
    keep = _LONGEST * min(width, height)
    left, top = max(0, (width - keep) // 2), max(0, (height - keep) // 2)
    return image.crop((left, top, width - left, height - top)) if left or top else image


def _resized_short_side(spec: InputSpec) -> int:
    if spec.resize == "stretch":
        return min(spec.width, spec.height)
    return int(max(spec.width, spec.height) / spec.crop_fraction)
