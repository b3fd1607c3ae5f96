"""Hot-air balloons over the clouds."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from lookalike.demo.canvas import (
    Canvas,
    Palette,
    blend,
    canvas_of,
    colours,
    coordinates,
    finish,
    glow,
    halo,
    noise,
    ramp,
    resized,
    unit,
)

_MORNINGS: list[Palette] = [
    ["2f6fb5", "7db4de", "cfe6ee", "ffe9cf"],
    ["4a5a9a", "9a8ac0", "eab4b4", "ffdfb8"],
    ["1f7a9a", "66b7c0", "c9e6d0", "fff2cf"],
    ["6a4a8a", "c77a9a", "f6a98a", "ffe0a8"],
    ["24508f", "5f9fd0", "a9d6ec", "f4fbff"],
]
_SILKS: list[Palette] = [
    ["d7263d", "f6ae2d", "f9f4e3"],
    ["0b6e8f", "f2e8cf", "f28f3b"],
    ["5b2a86", "e36397", "ffd9a0"],
    ["1b998b", "fffd82", "2d3047"],
    ["f46036", "2e294e", "f7ecd8"],
    ["c1121f", "fdf0d5", "12507a"],
    ["e9c46a", "e76f51", "264653"],
]


def balloons(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A few balloons at different distances in a morning sky."""
    width, height = canvas_of(size)
    palette = _MORNINGS[int(rng.integers(len(_MORNINGS)))]
    canvas = _sky(rng, (width, height), palette)
    haze = colours([palette[2]])[0]
    wanted = int(rng.integers(2, 7))
    places: list[tuple[float, float, float]] = []
    for attempt in range(200):
        radius = min(width, height) * (
            float(rng.uniform(0.19, 0.26)) if attempt == 0 else float(rng.uniform(0.04, 0.15))
        )
        column = width * float(rng.uniform(0.14, 0.86))
        row = height * float(rng.uniform(0.16, 0.66))
        if all(np.hypot(column - x, row - y) > 1.5 * (radius + r) for x, y, r in places):
            places.append((column, row, radius))
        if len(places) == wanted:
            break
    for column, row, radius in sorted(places, key=lambda place: place[2]):
        distance = 1 - min(1.0, radius / (min(width, height) * 0.2))
        _balloon(canvas, rng, (column, row, radius), haze, distance * 0.5)
    _clouds(canvas, rng, 0.72, 0.9)
    return finish(np.clip(canvas, 0, 1), rng, vignette=0.12)


def _sky(rng: np.random.Generator, size: tuple[int, int], palette: Palette) -> Canvas:
    width, height = size
    down = np.linspace(0, 1, height, dtype=np.float32)
    canvas = np.broadcast_to(ramp(down, palette)[:, None, :], (height, width, 3)).copy()
    x, y = coordinates(width, height)
    sun = (float(x[0, -1] * rng.uniform(0, 1)), float(y[-1, 0] * rng.uniform(0.5, 0.9)))
    glow(canvas, colours(["fff0c8"])[0], halo(x, y, sun, 0.35) * 0.6)
    _clouds(canvas, rng, float(rng.uniform(0.3, 0.55)), 0.6)
    return canvas


def _clouds(canvas: Canvas, rng: np.random.Generator, level: float, strength: float) -> None:
    """A bank of cloud that thickens below `level` (0 top, 1 bottom)."""
    height, width = canvas.shape[:2]
    shape = noise(rng, (width // 2, height // 2), 2.6, 5, stretch=2.2)
    lower = np.pad(shape, ((0, 10), (0, 0)), mode="edge")[10:]
    down = np.linspace(-level, 1 - level, height // 2, dtype=np.float32)[:, None]
    cover = np.clip(shape * 0.4 - 0.25 + down * 2.4, 0, 1)
    cover = cover * cover * (3 - 2 * cover) * strength
    # Lit from above: a cloud is white where the air above it is thinner than here.
    light = np.clip(0.6 + (lower - shape) * 0.45, 0, 1)
    shade = canvas[-1, 0] * 0.5 + 0.42
    colour = shade + (1 - shade) * resized(light, width, height)[..., None]
    blend(canvas, np.clip(colour, 0, 1), np.clip(resized(cover, width, height), 0, 1))


def _balloon(
    canvas: Canvas,
    rng: np.random.Generator,
    place: tuple[float, float, float],
    haze: NDArray[np.float32],
    distance: float,
) -> None:
    """An envelope of coloured gores, its ropes and its basket; far ones fade into the haze."""
    column, row, radius = place
    top, left = max(0, int(row - radius * 1.1)), max(0, int(column - radius * 1.1))
    part = canvas[top : int(row + radius * 2.2), left : int(column + radius * 1.1)]
    y = (np.arange(top, top + part.shape[0], dtype=np.float32)[:, None] - row) / radius
    x = (np.arange(left, left + part.shape[1], dtype=np.float32)[None, :] - column) / radius
    # A ball above, drawn in below to the mouth.
    heights = np.linspace(-1, 1.42, 200)
    ball = np.sqrt(np.clip(1 - heights**2, 0, 1))
    below = (heights - 0.25) / 1.17
    drawn_in = 0.968 * np.clip(1 - below, 0, 1) ** 0.8 * (1 + 0.35 * below) + 0.13 * below
    widths = np.where(heights < 0.25, ball, drawn_in)
    half = np.interp(y, heights, widths, left=0, right=0).astype(np.float32)
    across = np.clip(x / np.maximum(half, 1e-3), -1, 1)
    turn = np.arcsin(across) / np.pi + 0.5
    silk = colours(_SILKS[int(rng.integers(len(_SILKS)))])
    gores = int(rng.choice([6, 8, 10, 12]))
    number = np.floor(turn * gores).astype(np.int32)
    style = int(rng.integers(4))
    if style == 0:
        index = number % 2
    elif style == 1:
        index = (number + np.floor((y + 1) * 4.5).astype(np.int32)) % 3
    elif style == 2:
        index = np.where(np.abs(y + 0.05) < 0.22, 2, number % 2)
    else:
        wave = np.abs(np.mod(turn * gores, 1) - 0.5) * 0.5
        index = np.mod(np.floor((y + wave) * 3.2), 3).astype(np.int32)
    surface = silk[np.broadcast_to(index, across.shape)]
    seam = np.abs(np.mod(turn * gores, 1) - 0.5)
    towards = np.sqrt(np.clip(1 - across**2, 0, 1))
    lit = 0.62 + 0.34 * towards - across * 0.14 - y * 0.1
    lit = lit - np.clip(seam - 0.42, 0, 1) * 1.2
    colour = np.clip(surface * lit[..., None] * 1.12, 0, 1)
    colour = colour + (haze - colour) * distance
    alpha = np.clip((half - np.abs(x)) * radius + 0.5, 0, 1)
    blend(part, colour.astype(np.float32), alpha * ((y > -1) & (y < 1.42)))
    _basket(part, (column - left, row - top, radius), haze, distance)


def _basket(
    part: Canvas,
    place: tuple[float, float, float],
    haze: NDArray[np.float32],
    distance: float,
) -> None:
    """Four ropes and the basket under the mouth."""
    column, row, radius = place
    mask = Image.new("L", (part.shape[1], part.shape[0]))
    draw = ImageDraw.Draw(mask)
    for side in (-0.11, -0.04, 0.04, 0.11):
        ends = [
            (column + side * radius, row + 1.4 * radius),
            (column + side * radius, row + 1.7 * radius),
        ]
        draw.line(ends, fill=210, width=max(1, int(radius * 0.012)))
    box = (column - 0.14 * radius, row + 1.68 * radius, column + 0.14 * radius, row + 1.9 * radius)
    draw.rounded_rectangle(box, radius=0.04 * radius, fill=255)
    wicker = colours(["5a3a22"])[0]
    tone = wicker + (haze - wicker) * distance
    blend(part, tone, unit(mask))
