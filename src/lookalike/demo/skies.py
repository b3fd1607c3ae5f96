"""Far away: nebulae, and planets with their rings and moons."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.demo.canvas import (
    Canvas,
    Palette,
    Plane,
    blend,
    canvas_of,
    colours,
    coordinates,
    finish,
    glow,
    halo,
    noise,
    ramp,
    stars,
    to_image,
    unit,
)

_CLOUDS: list[Palette] = [
    ["05060f", "1b1440", "5b2a86", "c2478e", "ffb199"],
    ["03070f", "0b2545", "13688a", "3fc1c0", "e3fff4"],
    ["070412", "2b0f3f", "8f1d4f", "e0503d", "ffd08a"],
    ["04060c", "122043", "3b3f9c", "8f7be8", "ffe0fb"],
    ["050807", "0e2f2c", "2f7d58", "b7c95a", "fff5c2"],
]
_SURFACES: list[Palette] = [
    ["7a3b1d", "c9783a", "e9c08a", "fbe9cf", "b5562b"],
    ["10305e", "1f6fa8", "5cc0c7", "e8f6e4", "3d8f5c"],
    ["3a2b5f", "7f55a0", "d68fb8", "f9dbe0", "5d3f86"],
    ["58656f", "93a2a8", "cdd6d4", "eef1ea", "6d7b80"],
    ["6b1e1e", "b5402f", "e88a4c", "f6cf8f", "8a2c24"],
    ["0f3d3a", "2a8576", "8fd3a8", "eaf7cf", "1d5f56"],
]


def nebula(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Glowing gas folded over itself, with dark lanes and stars in front."""
    width, height = canvas_of(size)
    palette = _CLOUDS[int(rng.integers(len(_CLOUDS)))]
    other = _CLOUDS[int(rng.integers(len(_CLOUDS)))]
    half = (width // 2, height // 2)
    gas = _folded(rng, half, float(rng.uniform(1.6, 2.6)))
    second = _folded(rng, half, float(rng.uniform(2.0, 3.2)))
    x, y = coordinates(*half)
    # Most of the light lies in a band across the picture.
    angle = float(rng.uniform(0, np.pi))
    across = (x - x[0, -1] / 2) * math.sin(angle) + (y - y[-1, 0] / 2) * math.cos(angle)
    band = np.exp(-((across / 0.42) ** 2)) * 0.3
    soft = ramp(np.clip(gas * 0.17 + 0.2 + band, 0, 1), palette)
    tint = ramp(np.clip(second * 0.15 + 0.1 + band, 0, 1), other)
    soft += (1 - soft) * tint * 0.55
    lanes = np.clip(_folded(rng, half, 3.0) * 0.5 - 0.15, 0, 0.8)
    soft *= (1 - lanes * 0.75)[..., None]
    large = to_image(soft).resize((width, height), Image.Resampling.BILINEAR)
    canvas = unit(large)
    stars(canvas, rng, int(rng.integers(260, 520)))
    _bright_star(canvas, rng)
    return finish(canvas, rng)


def planet(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A planet lit from one side, banded or with continents, often with a ring or moons."""
    width, height = canvas_of(size)
    x, y = coordinates(width, height)
    canvas = np.empty((height, width, 3), dtype=np.float32)
    canvas[:] = colours(["070912"])[0]
    clouds = _CLOUDS[int(rng.integers(len(_CLOUDS)))]
    glow(canvas, colours([clouds[2]])[0], halo(x, y, (float(rng.uniform(0, 1)), 0.1), 0.6) * 0.5)
    stars(canvas, rng, 240)
    centre = (
        float(x[0, -1] * rng.uniform(0.36, 0.64)),
        float(y[-1, 0] * rng.uniform(0.4, 0.6)),
    )
    radius = float(rng.uniform(0.2, 0.33))
    palette = _SURFACES[int(rng.integers(len(_SURFACES)))]
    light = np.asarray([-0.62 if rng.random() < 0.5 else 0.62, -0.35, 0.7], dtype=np.float32)
    ringed = rng.random() < 0.5
    plane = _ring(rng, x, y, centre, radius) if ringed else None
    dust = colours([palette[3]])[0]
    if plane is not None:
        blend(canvas, dust * _shade(plane[1]), np.where(plane[1] > 0.5, 0, plane[0]))
    glow(canvas, colours([palette[2]])[0], halo(x, y, centre, radius * 0.55) * 0.9)
    _ball(canvas, rng, (centre[0], centre[1], radius), palette, light)
    if plane is not None:
        blend(canvas, dust, np.where(plane[1] > 0.5, plane[0], 0))
    for _ in range(int(rng.integers(0, 3))):
        away, turn = radius * float(rng.uniform(1.35, 1.8)), float(rng.uniform(0, 2 * np.pi))
        place = (centre[0] + away * math.cos(turn), centre[1] + away * math.sin(turn) * 0.7)
        small = (float(place[0]), float(place[1]), radius * float(rng.uniform(0.08, 0.2)))
        _ball(canvas, rng, small, _SURFACES[3], light)
    return finish(canvas, rng)


def _folded(rng: np.random.Generator, size: tuple[int, int], cells: float) -> Plane:
    """Noise whose coordinates are moved by other noise, which makes filaments."""
    width, height = size
    source = noise(rng, size, cells, 6)
    reach = min(size) / cells * 0.22
    rows = np.arange(height)[:, None] + (noise(rng, size, cells, 3) * reach).astype(np.int32)
    columns = np.arange(width)[None, :] + (noise(rng, size, cells, 3) * reach).astype(np.int32)
    # What is moved in from outside the picture comes from its mirror image, so no edge smears.
    folded: Plane = source[_mirrored(rows, height), _mirrored(columns, width)]
    return folded


def _mirrored(index: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    """Indices reflected at both ends of an axis."""
    inside: NDArray[np.intp] = length - 1 - np.abs(length - 1 - np.abs(index))
    return np.maximum(inside, 0)


def _bright_star(canvas: Canvas, rng: np.random.Generator) -> None:
    """A star so bright that it glows and throws four spikes."""
    height, width = canvas.shape[:2]
    x, y = coordinates(width, height)
    centre = (float(x[0, -1] * rng.uniform(0.15, 0.85)), float(y[-1, 0] * rng.uniform(0.15, 0.85)))
    across, down = np.abs(x - centre[0]), np.abs(y - centre[1])
    spikes = np.exp(-across / 0.05 - down / 0.0022)
    spikes += np.exp(-down / 0.05 - across / 0.0022)
    glow(canvas, colours(["fff6e8"])[0], spikes + halo(x, y, centre, 0.022))


def _ball(
    canvas: Canvas,
    rng: np.random.Generator,
    place: tuple[float, float, float],
    palette: Palette,
    light: NDArray[np.float32],
) -> None:
    """A lit sphere at (x, y, radius), its surface banded or in patches."""
    height, width = canvas.shape[:2]
    short = min(width, height)
    reach = int(place[2] * short * 1.06) + 2
    column, row = int(place[0] * short), int(place[1] * short)
    left, top = max(0, column - reach), max(0, row - reach)
    part = canvas[top : row + reach, left : column + reach]
    if part.size == 0:
        return
    across = (np.arange(left, left + part.shape[1], dtype=np.float32)[None, :] - column) / (
        place[2] * short
    )
    down = (np.arange(top, top + part.shape[0], dtype=np.float32)[:, None] - row) / (
        place[2] * short
    )
    squared = across * across + down * down
    towards = np.sqrt(np.clip(1 - squared, 0, 1))
    rough = noise(
        rng, (part.shape[1], part.shape[0]), 3.0, 5, stretch=float(rng.choice([1.0, 5.0]))
    )
    tilt = rng.uniform(-0.35, 0.35)
    bands = np.sin((down + across * tilt) * rng.uniform(6, 13) + rough * 0.5)
    strength = float(rng.choice([0.15, 1.0]))
    values = bands * (0.3 * strength) + rough * 0.2 + 0.5
    surface = ramp(np.clip(values, 0, 1), palette)
    lit = across * light[0] + down * light[1] + towards * light[2]
    surface = surface * (np.clip(lit, 0, 1) ** 0.8 + 0.02)[..., None]
    rim = np.clip(1 - towards, 0, 1) ** 3 * np.clip(lit + 0.2, 0, 1)
    surface += (1 - surface) * colours([palette[3]])[0] * (rim * 0.7)[..., None]
    edge = np.clip((1 - np.sqrt(squared)) * (place[2] * short) + 0.5, 0, 1)
    blend(part, surface, edge)


def _ring(
    rng: np.random.Generator, x: Plane, y: Plane, centre: tuple[float, float], radius: float
) -> tuple[Plane, Plane]:
    """A tilted ring: its opacity, and 1 where it passes in front of the planet."""
    turn = float(rng.uniform(-0.5, 0.5))
    dx, dy = x - centre[0], y - centre[1]
    along = dx * math.cos(turn) + dy * math.sin(turn)
    across = dy * math.cos(turn) - dx * math.sin(turn)
    away = np.hypot(along, across / rng.uniform(0.18, 0.34)) / radius
    steps = np.linspace(1.25, 2.15, 120)
    grooves = np.clip(0.62 + 0.3 * noise(rng, (120, 8), 0.6, 4)[4], 0.08, 0.95)
    grooves[[0, -1]] = 0
    opacity = np.interp(away, steps, grooves, left=0, right=0).astype(np.float32)
    return opacity, (across > 0).astype(np.float32)


def _shade(front: Plane) -> Plane:
    """The far half of a ring is a little darker."""
    return (0.7 + 0.3 * front)[..., None]
