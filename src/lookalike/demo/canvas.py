"""What all drawings are made of: noise, colour ramps, blending, and the last touch.

A canvas is float32 sRGB, (height, width, 3) in 0..1, drawn at `SCALE` times the size of the
picture and reduced at the end, which smooths every edge. Lengths are in units of the canvas's
shorter side, so that a drawing looks the same upright and lying.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.types import Pixels

Plane: TypeAlias = NDArray[np.float32]
"""One value a pixel, float32, (height, width)."""

Canvas: TypeAlias = NDArray[np.float32]
"""sRGB, float32 in 0..1, (height, width, 3)."""

Palette: TypeAlias = Sequence[str]
"""Colours as six hexadecimal digits, in the order in which a ramp runs through them."""

SCALE = 2
"""How much larger than the picture a canvas is, each way; `finish` takes 2 x 2 blocks."""


def colours(palette: Palette) -> NDArray[np.float32]:
    """The colours of a palette, (n, 3) in 0..1."""
    numbers = [list(bytes.fromhex(colour)) for colour in palette]
    return np.asarray(numbers, dtype=np.float32) / np.float32(255)


def coordinates(width: int, height: int) -> tuple[Plane, Plane]:
    """Coordinates x (1, width) and y (height, 1) in units of the shorter side, from top left."""
    short = min(width, height)
    x = (np.arange(width, dtype=np.float32)[None, :] + 0.5) / short
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / short
    return x.astype(np.float32), y.astype(np.float32)


def unit(image: Image.Image) -> NDArray[np.float32]:
    """The pixels of an image of eight bits, in 0..1."""
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def to_image(canvas: Canvas) -> Image.Image:
    """A canvas, or a part of one, as an image of eight bits."""
    pixels: Pixels = (np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8)
    return Image.fromarray(pixels)


def resized(plane: Plane, width: int, height: int) -> Plane:
    """A plane at another size, interpolated smoothly."""
    image = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)


def noise(
    rng: np.random.Generator,
    size: tuple[int, int],
    cells: float,
    octaves: int = 4,
    stretch: float = 1.0,
) -> Plane:
    """Cloudy noise of mean 0 and standard deviation 1.

    Args:
        rng: where the randomness comes from.
        size: width and height in pixels.
        cells: how many waves of the lowest octave fit the shorter side.
        octaves: how many times the waves are halved in length and height.
        stretch: how much longer the waves are along x than along y.

    Returns:
        (height, width) float32.
    """
    width, height = size
    short = min(width, height)
    total = np.zeros((height, width), dtype=np.float32)
    for octave in range(octaves):
        per_pixel = cells * 2**octave / short
        columns = max(2, round(width * per_pixel / stretch)) + 3
        rows = max(2, round(height * per_pixel)) + 3
        lattice = rng.standard_normal((rows, columns), dtype=np.float32)
        total += resized(lattice, width, height) * (0.5**octave)
    total -= total.mean()
    total /= total.std() + (1e-6)
    return total


def profile(
    rng: np.random.Generator, width: int, cells: float, octaves: int
) -> NDArray[np.float32]:
    """The same along one line, (width,) float32: the crest of a ridge, say."""
    line: NDArray[np.float32] = noise(rng, (width, 8), cells * 8 / width, octaves)[4]
    return line


def ramp(values: NDArray[np.float32], palette: Palette) -> NDArray[np.float32]:
    """The colours that values in 0..1 have on a ramp, shape of `values` + (3,)."""
    stops = colours(palette)
    at = np.linspace(0, 1, len(stops))
    steps = np.linspace(0, 1, 1024)
    table = np.stack([np.interp(steps, at, stops[:, band]) for band in range(3)], axis=1)
    index = (np.clip(values, 0, 1) * 1023).astype(np.int32)
    return table.astype(np.float32)[index]


def blend(canvas: Canvas, colour: NDArray[np.float32], alpha: Plane) -> None:
    """Lay `colour`, broadcast to the canvas, over it where `alpha` (0..1) says."""
    canvas += (colour - canvas) * alpha[..., None]


def glow(canvas: Canvas, colour: NDArray[np.float32], light: Plane) -> None:
    """Add light as a screen does: it brightens, and never past white."""
    canvas += (1 - canvas) * colour * np.clip(light, 0, 1)[..., None]


def disc(x: Plane, y: Plane, centre: tuple[float, float], radius: float, edge: float) -> Plane:
    """1 in a disc, 0 outside, with a soft edge as wide as `edge`."""
    away = np.hypot(x - centre[0], y - centre[1])
    cover: Plane = np.clip((radius - away) / edge + 0.5, 0, 1)
    return cover


def halo(x: Plane, y: Plane, centre: tuple[float, float], radius: float) -> Plane:
    """Light around a point, falling off to a third at `radius`."""
    squared = (x - centre[0]) ** 2 + (y - centre[1]) ** 2
    return np.exp(-np.sqrt(squared) / radius)


def stars(canvas: Canvas, rng: np.random.Generator, count: int, *, below: float = 1.0) -> None:
    """Scatter stars over the top part, `below` of the height; a few are large and glow."""
    height, width = canvas.shape[:2]
    tints = colours(["ffffff", "cfe0ff", "fff0d0", "ffd9c0"])
    for _ in range(count):
        column, row = int(rng.integers(width)), int(rng.integers(max(1, int(height * below))))
        strength = float(rng.uniform(0.15, 1.0) ** 2)
        reach = 2 if strength < 0.5 else 5 + int(rng.integers(9) * (strength > 0.9))
        top, left = max(0, row - reach), max(0, column - reach)
        part = canvas[top : row + reach + 1, left : column + reach + 1]
        y = np.arange(top, top + part.shape[0], dtype=np.float32)[:, None] - row
        x = np.arange(left, left + part.shape[1], dtype=np.float32)[None, :] - column
        light = np.exp(-(x * x + y * y) / (reach * reach * 0.16)) * strength
        glow(part, tints[int(rng.integers(len(tints)))], light * 1.2)


def finish(canvas: Canvas, rng: np.random.Generator, *, vignette: float = 0.18) -> Image.Image:
    """Darken the corners a little, add fine grain, and reduce to the picture's size."""
    rows = canvas[0::2] + canvas[1::2]
    reduced: Canvas = (rows[:, 0::2] + rows[:, 1::2]) * np.float32(1 / SCALE**2)
    height, width = reduced.shape[:2]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    reduced *= (1 - vignette * ((x * x + y * y) / 2) ** 2)[..., None]
    # The grain also hides the steps that eight bits leave in a smooth sky.
    reduced += rng.standard_normal((height, width, 1), dtype=np.float32) * 0.008
    return to_image(reduced)


def canvas_of(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the canvas for a picture of this width and height."""
    return size[0] * SCALE, size[1] * SCALE
