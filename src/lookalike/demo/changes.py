"""Changed copies of a picture, so that a search in the gallery has right answers."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageEnhance

Change: TypeAlias = Callable[[np.random.Generator, Image.Image], Image.Image]
"""Makes a changed copy; the picture given is left as it is."""


def crop(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """A part of the picture, 60 to 75 % of its width and height."""
    width, height = picture.size
    share = float(rng.uniform(0.60, 0.75))
    wide, tall = round(width * share), round(height * share)
    left = int(rng.integers(0, width - wide + 1))
    top = int(rng.integers(0, height - tall + 1))
    return picture.crop((left, top, left + wide, top + tall))


def flip(_rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """The picture in a mirror."""
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def tint(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """Other colours: the hues turned by 20 to 60 degrees, paler or stronger."""
    hue, saturation, value = picture.convert("HSV").split()
    turn = round(float(rng.uniform(20, 60)) / 360 * 256) * int(rng.choice([-1, 1]))
    turned = Image.fromarray(((np.asarray(hue).astype(np.int16) + turn) % 256).astype(np.uint8))
    changed = Image.merge("HSV", (turned, saturation, value)).convert("RGB")
    return ImageEnhance.Color(changed).enhance(float(rng.uniform(0.7, 1.2)))


def grey(_rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """The picture without its colours."""
    return picture.convert("L").convert("RGB")


def turn(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """Turned by 3 to 8 degrees, and cut so that no empty corner shows."""
    width, height = picture.size
    degrees = float(rng.uniform(3, 8)) * int(rng.choice([-1, 1]))
    turned = picture.rotate(degrees, Image.Resampling.BICUBIC)
    sine, cosine = abs(np.sin(np.radians(degrees))), np.cos(np.radians(degrees))
    # The largest upright box of the picture's own shape that fits into the turned picture.
    share = float(1 / (cosine + sine * max(width, height) / min(width, height))) * 0.99
    wide, tall = int(width * share), int(height * share)
    left, top = (width - wide) // 2, (height - tall) // 2
    return turned.crop((left, top, left + wide, top + tall))


def squeeze(_rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """Half the width and height; the gallery also saves it with strong JPEG compression."""
    return picture.reduce(2)


CHANGES: dict[str, Change] = {
    "crop": crop,
    "flip": flip,
    "tint": tint,
    "turn": turn,
    "squeeze": squeeze,
    "grey": grey,
}
"""Every change by the name that its files carry."""
