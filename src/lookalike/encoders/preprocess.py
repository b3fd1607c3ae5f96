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


def _resized_short_side(spec: InputSpec) -> int:
    if spec.resize == "stretch":
        return min(spec.width, spec.height)
    return int(max(spec.width, spec.height) / spec.crop_fraction)
