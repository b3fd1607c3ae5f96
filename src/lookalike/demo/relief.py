"""Cut and set: layered paper after the contours of a landscape, and stained glass."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from lookalike.demo.canvas import (
    Palette,
    Plane,
    blend,
    canvas_of,
    colours,
    coordinates,
    finish,
    noise,
    ramp,
    resized,
    to_image,
    unit,
)

# From the deepest layer to the highest.
_PAPERS: list[Palette] = [
    ["0b2545", "13507a", "1f8a9b", "7fc8b0", "d8edc4", "fff6dc"],
    ["2d0a31", "6b1e58", "b13a63", "e76f63", "f7b27a", "fdebc8"],
    ["16302b", "2f5d50", "6c9a7a", "b5c99a", "e9e5c3", "fffaf0"],
    ["1b1f3b", "3f3f74", "7765a8", "b491c8", "e3c3dc", "fff0f0"],
    ["3c1518", "69140e", "a44200", "d58936", "f2c078", "fff3d6"],
    ["fffaf2", "e9dfd0", "cbb8a5", "a08a78", "6d5c50", "3a302b"],
    ["fef3e2", "ffd3a8", "fba38a", "d86a8a", "8a4a92", "3b2c6e"],
]
_PANES: list[Palette] = [
    ["0d3b8c", "1f7ad1", "49c2d9", "f7d046", "f08a24", "c9252d"],
    ["1b5e3a", "3fa45c", "b9d84a", "ffe27a", "f39b3a", "7a2a86"],
    ["4a1a7f", "8b39c1", "d95fb4", "ffb3a1", "ffe08a", "2aa6b8"],
    ["073b4c", "118ab2", "06d6a0", "ffd166", "ef476f", "9b2a63"],
    ["7a0f1c", "c9302c", "f0803c", "ffd15c", "2f8f9d", "173f7a"],
]


def paper_relief(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Sheets of paper cut along the contour lines and laid on each other, with their shadows."""
    width, height = canvas_of(size)
    palette = _PAPERS[int(rng.integers(len(_PAPERS)))]
    levels = int(rng.integers(7, 12))
    x, y = coordinates(width, height)
    ground = noise(rng, (width, height), float(rng.uniform(0.9, 1.9)), 3) * 0.8
    peak = (float(x[0, -1] * rng.uniform(0.2, 0.8)), float(y[-1, 0] * rng.uniform(0.2, 0.8)))
    away = np.hypot(x - peak[0], y - peak[1])
    sign = rng.choice([-1.6, 1.6])
    ground = ground + sign * (0.6 - away)
    low, high = np.quantile(ground[::8, ::8], [0.01, 0.99])
    share = np.clip((ground - low) / (high - low), 0, 0.999).astype(np.float32)
    layer = np.floor(share * levels).astype(np.float32)
    canvas = ramp(layer / (levels - 1), palette)
    # Light from the top left: what lies higher there throws its shadow here.
    shadow = np.zeros_like(layer)
    for shift, weight in ((6, 0.5), (16, 0.5)):
        moved = Image.fromarray(_moved(layer, shift) / levels)
        small = moved.resize((width // 4, height // 4), Image.Resampling.BOX)
        eight = to_image(np.asarray(small, dtype=np.float32))
        soft = eight.filter(ImageFilter.GaussianBlur(shift / 6)).resize((width, height))
        higher = unit(soft) * levels - layer
        shadow += np.clip(higher, 0, 1.2) * weight
    canvas *= (1 - np.clip(shadow * 0.55, 0, 0.6))[..., None]
    edge = np.clip(layer - _moved(layer, 2), 0, 1)
    canvas += (1 - canvas) * (edge * 0.35)[..., None]
    canvas *= (1 + noise(rng, (width, height), 70, 2) * 0.012)[..., None]
    return finish(canvas, rng, vignette=0.12)


def stained_glass(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Panes of coloured glass in lead, lit from behind: a rose window or a broken mosaic."""
    width, height = canvas_of(size)
    palette = _PANES[int(rng.integers(len(_PANES)))]
    x, y = coordinates(width, height)
    centre = (float(x[0, -1] * rng.uniform(0.35, 0.65)), float(y[-1, 0] * rng.uniform(0.35, 0.65)))
    # The lead hides where two panes meet, so they are laid out in half the resolution.
    panes = _rose if rng.random() < 0.6 else _mosaic
    tone, shade, border = panes(rng, coordinates(width // 2, height // 2), centre)
    small = to_image(ramp(tone, palette) * shade[..., None])
    canvas = unit(small.resize((width, height), Image.Resampling.BILINEAR))
    glass = 1 + noise(rng, (width, height), 14, 3) * 0.07
    lamp = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / 0.5)
    canvas *= (glass * (0.78 + 0.5 * lamp))[..., None]
    canvas += (1 - canvas) * (np.clip(lamp - 0.55, 0, 1) * 0.5)[..., None]
    lead = 0.0062
    away = resized(border, width, height)
    cover = (lead - away) * min(width, height) + 0.5
    blend(canvas, colours(["14151a"])[0], np.clip(cover, 0, 1))
    ridge = np.clip(1 - away / (lead * 0.45), 0, 1)
    canvas += (1 - canvas) * (ridge * 0.16)[..., None]
    return finish(np.clip(canvas, 0, 1), rng, vignette=0.3)


def _rose(
    rng: np.random.Generator, grid: tuple[Plane, Plane], centre: tuple[float, float]
) -> tuple[Plane, Plane, Plane]:
    """Rings of panes around a centre: their tone, their shade and how near the lead is."""
    dx, dy = grid[0] - centre[0], grid[1] - centre[1]
    petals = int(rng.choice([16, 18, 20, 24]))
    rings = float(rng.uniform(7, 10))
    away = np.hypot(dx, dy)
    across = (np.arctan2(dy, dx) / (2 * np.pi) + 0.5) * petals
    down = away * rings + 0.5
    cells = _cells(rng, across, down, (petals, 24), float(rng.uniform(0.1, 0.5)))
    tone = np.mod(np.floor(down) * 0.23 + cells.number[..., 1] * 0.25, 1)
    return tone, cells.shade(), cells.border * np.minimum(1 / rings, away * (2 * np.pi / petals))


def _mosaic(
    rng: np.random.Generator, grid: tuple[Plane, Plane], centre: tuple[float, float]
) -> tuple[Plane, Plane, Plane]:
    """Panes like broken glass, in the same terms, coloured by how far they lie from the centre."""
    per_unit = float(rng.uniform(7, 11))
    cells = _cells(rng, grid[0] * per_unit, grid[1] * per_unit, (32, 32), 0.85)
    place = cells.place / per_unit
    away = np.hypot(place[..., 0] - centre[0], place[..., 1] - centre[1])
    tone = np.mod(away * 1.1 + cells.number[..., 1] * 0.22, 1)
    return tone, cells.shade(), cells.border / per_unit


def _moved(plane: Plane, by: int) -> Plane:
    """A plane moved right and down; its first row and column fill what comes free."""
    return np.pad(plane, ((by, 0), (by, 0)), mode="edge")[:-by, :-by]


class _Cells(NamedTuple):
    """Voronoi cells, by pixel.

    Attributes:
        nearest: (height, width), distance to the cell's point, in units of the grid.
        border: (height, width), about the distance to the next cell.
        number: (height, width, 2), two random numbers of the cell.
        place: (height, width, 2), the cell's point.
    """

    nearest: Plane
    border: Plane
    number: NDArray[np.float32]
    place: NDArray[np.float32]

    def shade(self) -> Plane:
        """How bright the cell is: each differs, and all darken towards their edges."""
        return 0.72 + self.number[..., 0] * 0.35 - self.nearest * 0.3


def _cells(
    rng: np.random.Generator, across: Plane, down: Plane, wrap: tuple[int, int], jitter: float
) -> _Cells:
    """Voronoi cells around one point in each square of a grid, which repeats every `wrap`."""
    columns, rows = wrap
    points = rng.uniform(0.5 - jitter / 2, 0.5 + jitter / 2, (rows, columns, 2)).astype(np.float32)
    random = rng.random((rows, columns, 2), dtype=np.float32)
    column, row = np.floor(across).astype(np.int32), np.floor(down).astype(np.int32)
    x, y = across - column, down - row
    shape = np.broadcast_shapes(x.shape, y.shape)
    first = np.full(shape, 9, dtype=np.float32)
    second = first.copy()
    best = np.zeros(shape, dtype=np.int32)
    for square in range(9):
        step_down, step = square // 3 - 1, square % 3 - 1
        index = (row + step_down) % rows * columns + (column + step) % columns
        there = points.reshape(-1, 2)[index]
        dx, dy = there[..., 0] + (step - x), there[..., 1] + (step_down - y)
        away = dx * dx + dy * dy
        best = np.where(away < first, square, best)
        second = np.minimum(np.maximum(first, away), second)
        first = np.minimum(first, away)
    owner_row, owner_column = row + best // 3 - 1, column + best % 3 - 1
    index = owner_row % rows * columns + owner_column % columns
    place = points.reshape(-1, 2)[index] + np.stack([owner_column, owner_row], axis=-1)
    nearest, other = np.sqrt(first), np.sqrt(second)
    return _Cells(
        nearest,
        (other - nearest) * np.float32(0.5),
        random.reshape(-1, 2)[index],
        place.astype(np.float32),
    )
