"""Flowers in front of a meadow that is out of focus."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from lookalike.demo.canvas import (
    SCALE,
    Canvas,
    Palette,
    Plane,
    blend,
    canvas_of,
    colours,
    finish,
    noise,
    ramp,
    to_image,
    unit,
)

_MEADOWS: list[Palette] = [
    ["16352b", "2f6b4a", "8fb96a", "f2e6a0"],
    ["1b2d4a", "35628a", "86b3b8", "f4e4c8"],
    ["3a1f3d", "7a3f6b", "c98aa0", "f8dcc8"],
    ["233a1e", "5c7f34", "b7b85a", "fbe9b0"],
    ["0f2f38", "1f6a6a", "79b89a", "e8f0c8"],
]
# From the heart of a petal to its tip.
_PETALS: list[Palette] = [
    ["ffe7a0", "ff9a5a", "e8432f"],
    ["fff6fb", "f9b4d0", "d84a8a"],
    ["fff8d8", "ffffff", "e8ecf8"],
    ["fff0a8", "ffd23f", "f59a1f"],
    ["e8dcff", "a58be8", "5a3fb0"],
    ["e0f0ff", "8ab8f0", "2f62c0"],
    ["ffd9cf", "f47f7f", "b01e4a"],
]


class _Kind(NamedTuple):
    """How a flower is built."""

    petals: int
    rings: int
    width: float
    point: float
    palette: Palette
    heart: float


def flowers(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A few flowers of one or two kinds, with stems and leaves, small ones behind."""
    width, height = canvas_of(size)
    meadow = _MEADOWS[int(rng.integers(len(_MEADOWS)))]
    canvas = _bokeh(rng, (width, height), meadow)
    kinds = [_kind(rng), _kind(rng)]
    places = _places(rng, (width, height))
    _stems(canvas, rng, places, meadow)
    for index, (column, row, radius) in enumerate(places):
        kind = kinds[0] if rng.random() < 0.75 else kinds[1]
        _flower(canvas, rng, (column, row, radius), kind, 0.75 + 0.25 * (index + 1) / len(places))
    return finish(np.clip(canvas, 0, 1), rng, vignette=0.3)


def _kind(rng: np.random.Generator) -> _Kind:
    petals = int(rng.choice([5, 6, 8, 13, 21]))
    return _Kind(
        petals=petals,
        rings=int(rng.integers(1, 3)) if petals < 8 else int(rng.integers(2, 5)),
        width=float(rng.uniform(0.95, 1.25)),
        point=float(rng.uniform(0.35, 0.9)),
        palette=_PETALS[int(rng.integers(len(_PETALS)))],
        heart=float(rng.uniform(0.14, 0.26)),
    )


def _places(rng: np.random.Generator, size: tuple[int, int]) -> list[tuple[int, int, int]]:
    """Where flowers stand: column, row and radius in pixels, the small ones first."""
    width, height = size
    short = min(size)
    wanted = int(rng.choice([1, 3, 4, 5, 7]))
    largest = short * (0.40 if wanted == 1 else 0.34 / (wanted / 3) ** 0.35)
    places: list[tuple[int, int, int]] = []
    for _ in range(200):
        radius = int(largest * rng.uniform(0.6, 1.0))
        column = int(width * rng.uniform(0.14, 0.86))
        row = int(height * rng.uniform(0.18, 0.72))
        if all(np.hypot(column - x, row - y) > 0.8 * (radius + r) for x, y, r in places):
            places.append((column, row, radius))
        if len(places) == wanted:
            break
    return sorted(places, key=lambda place: place[2])


def _bokeh(rng: np.random.Generator, size: tuple[int, int], meadow: Palette) -> Canvas:
    """A meadow far out of focus: soft colours, and discs where lights would be."""
    width, height = size
    small = (width // 8, height // 8)
    clouds = noise(rng, small, 2.0, 3) * 0.16
    down = np.linspace(0.62, 0.12, small[1], dtype=np.float32)[:, None]
    base = to_image(ramp(clouds + down, meadow))
    image = base.resize((width // 2, height // 2), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image, "RGBA")
    for _ in range(int(rng.integers(16, 40))):
        radius = float(rng.uniform(6, 34))
        column, row = float(rng.uniform(0, width / 2)), float(rng.uniform(0, height / 2))
        tint = bytes.fromhex(meadow[int(rng.integers(2, 4))])
        fill = (*tint, int(rng.integers(18, 60)))
        draw.ellipse((column - radius, row - radius, column + radius, row + radius), fill=fill)
    soft = image.filter(ImageFilter.GaussianBlur(2.5)).resize((width, height))
    return unit(soft)


def _stems(
    canvas: Canvas, rng: np.random.Generator, places: list[tuple[int, int, int]], meadow: Palette
) -> None:
    """A bowed stem under each flower, with two leaves."""
    height, width = canvas.shape[:2]
    mask = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mask)
    steps = np.linspace(0, 1, 60)
    for column, row, radius in places:
        lean = float(rng.uniform(-0.9, 0.9)) * radius
        along = column + lean * steps**2
        down = row + (height * 1.05 - row) * steps
        points = [(float(x), float(y)) for x, y in zip(along, down, strict=True)]
        draw.line(points, fill=200, width=max(4, radius // 13), joint="curve")
        for side, at in ((-1, 26), (1, 36)):
            _leaf(draw, points[at], radius * float(rng.uniform(0.7, 1.1)), side)
    alpha = unit(mask.filter(ImageFilter.GaussianBlur(1)))
    low, high = colours([meadow[1], meadow[2]])
    light = np.linspace(0.75, 0, height, dtype=np.float32)[:, None, None]
    blend(canvas, (low * 0.75 + (high - low) * light).astype(np.float32), alpha)


def _leaf(draw: ImageDraw.ImageDraw, at: tuple[float, float], length: float, side: int) -> None:
    steps = np.linspace(0, 1, 24)
    bow = np.sin(steps * np.pi)
    along = at[0] + side * length * steps
    upper = at[1] - length * (0.55 * steps + 0.16 * bow)
    lower = at[1] - length * (0.55 * steps - 0.12 * bow)
    outline = np.concatenate([np.stack([along, upper], 1), np.stack([along, lower], 1)[::-1]])
    draw.polygon([(float(x), float(y)) for x, y in outline], fill=235)


def _flower(
    canvas: Canvas,
    rng: np.random.Generator,
    place: tuple[int, int, int],
    kind: _Kind,
    light: float,
) -> None:
    """Rings of petals from the outside in, each petal lit along its middle, then the heart."""
    column, row, radius = place
    reach = int(radius * 1.08)
    top, left = max(0, row - reach), max(0, column - reach)
    part = canvas[top : row + reach, left : column + reach]
    y = (np.arange(top, top + part.shape[0], dtype=np.float32)[:, None] - row) / radius
    x = (np.arange(left, left + part.shape[1], dtype=np.float32)[None, :] - column) / radius
    # Seen a little from below, as flowers that nod.
    y = y * rng.uniform(1.0, 1.25)
    away, angle = np.hypot(x, y), np.arctan2(y, x)
    shade = np.exp(-((away / 0.9) ** 4)) * 0.35
    blend(part, colours(["0a1210"])[0], np.roll(shade, 8, axis=0))
    pixel = 1.5 / radius
    start = float(rng.uniform(0, 2 * np.pi))
    for ring in range(kind.rings):
        length = 1 - 0.62 * ring / max(1, kind.rings) * (kind.rings > 1)
        for turn in (0, 1):
            step = 2 * np.pi / kind.petals
            offset = start + step * (ring * 0.37 + turn * 0.5)
            off = np.mod(angle - offset + step / 2, step) - step / 2
            along: Plane = np.clip(away / length, 0, 1)
            bulge: Plane = np.clip(np.sin(np.pi * along ** np.float32(0.8)), 0, 1)
            half = step / 2 * kind.width * bulge ** np.float32(kind.point)
            # Petals of a few touch at their sides only; the profile rounds their ends.
            inside = np.clip((half - np.abs(off)) * away / pixel, 0, 1) * (away < length)
            side = np.abs(off) / (half + 1e-3)
            tone = ramp(along ** np.float32(1.2), kind.palette)
            veins = np.cos(off * (kind.petals * 9)) * 0.03
            relief = 1.05 - np.clip(side, 0, 1) ** 3 * 0.32 + veins
            relief *= light * (0.86 + 0.14 * (ring * 2 + turn) / (kind.rings * 2))
            relief *= 0.72 + 0.28 * np.clip(along * 2.2, 0, 1)
            blend(part, np.clip(tone * relief[..., None], 0, 1), inside)
    _heart(part, rng, (away, angle), kind, radius)


def _heart(
    part: Canvas,
    rng: np.random.Generator,
    polar: tuple[Plane, Plane],
    kind: _Kind,
    radius: int,
) -> None:
    """The middle of a flower: seeds in the spirals of a sunflower."""
    away, angle = polar
    size = kind.heart
    inside = np.clip((size - away) * radius / (SCALE * 1.5), 0, 1)
    seeds = np.cos(angle * 13 + np.sqrt(away + (1e-4)) * 40) * np.cos(
        angle * 21 - np.sqrt(away + (1e-4)) * 40
    )
    yellow = rng.random() < 0.6
    dark, bright = colours(["7a4a10", "ffd34d"] if yellow else ["2a1410", "a8642a"])
    tone = np.clip(0.5 + seeds * 0.3 - (away / size - 0.5) * 0.5, 0, 1)
    blend(part, (dark + (bright - dark) * tone[..., None]).astype(np.float32), inside)
