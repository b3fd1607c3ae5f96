"""Made by hand: Bauhaus compositions and woven tartans."""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from lookalike.demo.canvas import (
    Palette,
    canvas_of,
    colours,
    finish,
    noise,
    resized,
    unit,
)

_Box: TypeAlias = tuple[float, float, float]
"""Left, top and side of a square tile, pixels."""

_PRINTS: list[Palette] = [
    ["f1e6d0", "d1432b", "1d3f72", "e9b44c", "1c1c1c"],
    ["f4efe6", "e4572e", "17bebb", "ffc914", "2e282a"],
    ["efe8dc", "2a6f77", "e2856e", "f0c987", "0f1a20"],
    ["f7f1e3", "6c5b7b", "c06c84", "f8b195", "355c7d"],
    ["eae4d3", "3a5a40", "bc6c25", "dda15e", "283618"],
    ["f3ece0", "274c77", "a3cef1", "e76f51", "15202b"],
]
_WOOLS: list[Palette] = [
    ["8c1c23", "1a2f28", "f1d9a0", "20263d"],
    ["1f3b5c", "1d5a45", "e9e3d0", "b3402e"],
    ["c9a66b", "3d2b1f", "f4ead5", "a63a2b"],
    ["5a3d6b", "25324f", "e7c9d9", "9ec1a3"],
    ["24504a", "d8892b", "f2e4c9", "101c1b"],
    ["d9d2c5", "4a5a66", "98414a", "22282d"],
    ["2f6f8f", "f0c05a", "fff4e0", "17324a"],
]


def bauhaus(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Circles, quarters, bars and triangles on a grid of tiles, printed on paper."""
    factor = 4
    width, height = size[0] * factor, size[1] * factor
    palette = _PRINTS[int(rng.integers(len(_PRINTS)))]
    inks = ["#" + colour for colour in palette]
    image = Image.new("RGB", (width, height), inks[0])
    draw = ImageDraw.Draw(image)
    side = min(width, height) / int(rng.integers(3, 6))
    columns, rows = round(width / side), round(height / side)
    side = max(width / columns, height / rows)
    for row in range(rows):
        for column in range(columns):
            back, front, third = (inks[int(i)] for i in rng.permutation(len(inks))[:3])
            tile = (column * side, row * side, side)
            draw.rectangle(_corners(tile), fill=back)
            shape = _SHAPES[int(rng.integers(len(_SHAPES)))]
            shape(draw, tile, front, third, int(rng.integers(4)))
    if rng.random() < 0.55:
        # One large shape across the tiles gives the eye a place to rest.
        at = (side * int(rng.integers(columns - 1)), side * int(rng.integers(rows - 1)), 2 * side)
        order = rng.permutation(len(inks))
        draw.rectangle(_corners(at), fill=inks[int(order[0])])
        _rings(draw, at, inks[int(order[1])], inks[int(order[2])], 0)
    canvas = unit(image.reduce(2))
    paper = noise(rng, (canvas.shape[1], canvas.shape[0]), 60, 3)
    canvas = canvas * (1 + paper * 0.018)[..., None]
    return finish(canvas, rng, vignette=0.08)


def tartan(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A twill of crossed stripes, lying in soft folds."""
    width, height = canvas_of(size)
    yarns = colours(_WOOLS[int(rng.integers(len(_WOOLS)))])
    sett = _sett(rng)
    thread = 3
    half = (width // 2, height // 2)
    folds = noise(rng, half, float(rng.uniform(0.8, 1.6)), 2)
    steep = float(rng.uniform(4, 14))
    large = resized(folds, width, height)
    turn = float(rng.choice([0.0, 0.0, np.pi / 4, 0.25]))
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    along = x * math.cos(turn) + y * math.sin(turn) + large * steep
    across = y * math.cos(turn) - x * math.sin(turn) + large * steep
    warp = ((along + 4000) / thread).astype(np.int32)
    weft = ((across + 4000) / thread).astype(np.int32)
    over = (warp + weft) % 4 < 2
    yarn = np.where(over, sett[warp % len(sett)], sett[weft % len(sett)])
    canvas = yarns[yarn]
    # Each thread is round: it catches the light along its middle.
    round_ = np.where(over, np.mod(along, thread), np.mod(across, thread)) / thread - 0.5
    canvas = canvas * (1.06 - round_.astype(np.float32) ** 2 * 0.9)[..., None]
    slope = np.gradient(large, axis=1) + np.gradient(large, axis=0)
    shade = 1 + np.clip(slope / (slope.std() + 1e-6), -2.5, 2.5) * 0.07
    return finish((canvas * shade[..., None]).astype(np.float32), rng)


def _sett(rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The order of the stripes: which yarn each thread has, forth and back again."""
    ground, second = 0, 1
    threads = [ground] * int(rng.integers(14, 30))
    for _ in range(int(rng.integers(2, 4))):
        threads += [second] * int(rng.integers(6, 20))
        threads += [int(rng.integers(2, 4))] * int(rng.integers(1, 4))
        threads += [ground] * int(rng.integers(3, 14))
    return np.asarray(threads + threads[::-1], dtype=np.int64)


def _corners(tile: _Box) -> tuple[float, float, float, float]:
    left, top, side = tile
    return left, top, left + side, top + side


def _quarter(draw: ImageDraw.ImageDraw, tile: _Box, front: str, third: str, turn: int) -> None:
    left, top, side = tile
    middle = (left + side * (turn in (0, 3)), top + side * (turn in (0, 1)))
    for radius, fill in ((side, front), (side * 0.5, third)):
        box = (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius)
        draw.pieslice(box, 180 + 90 * turn, 270 + 90 * turn, fill=fill)


def _half(draw: ImageDraw.ImageDraw, tile: _Box, front: str, third: str, turn: int) -> None:
    left, top, side = tile
    draw.pieslice(_corners(tile), 90 * turn, 180 + 90 * turn, fill=front)
    dot = side * 0.14
    draw.ellipse(_corners((left + side / 2 - dot, top + side / 2 - dot, 2 * dot)), fill=third)


def _rings(draw: ImageDraw.ImageDraw, tile: _Box, front: str, third: str, turn: int) -> None:
    left, top, side = tile
    for index, share in enumerate((0.9, 0.62, 0.3)):
        inset = side * (1 - share) / 2
        box = _corners((left + inset, top + inset, side * share))
        draw.ellipse(box, fill=third if index == 1 + turn % 2 else front)
        if index == 1 and turn % 2:
            break


def _bars(draw: ImageDraw.ImageDraw, tile: _Box, front: str, third: str, turn: int) -> None:
    left, top, side = tile
    for index in range(4):
        near, far = side * index / 4, side * (index + 0.5) / 4
        fill = third if index == turn else front
        if turn % 2:
            draw.rectangle((left + near, top, left + far, top + side), fill=fill)
        else:
            draw.rectangle((left, top + near, left + side, top + far), fill=fill)


def _triangle(draw: ImageDraw.ImageDraw, tile: _Box, front: str, third: str, turn: int) -> None:
    left, top, side = tile
    corners = [(left, top), (left + side, top), (left + side, top + side), (left, top + side)]
    points = [corners[(turn + step) % 4] for step in range(3)]
    draw.polygon(points, fill=front)
    middle = (left + side / 2, top + side / 2)
    draw.polygon([points[0], points[1], middle], fill=third)


def _leaf(draw: ImageDraw.ImageDraw, tile: _Box, front: str, third: str, turn: int) -> None:
    left, top, side = tile
    steps = np.linspace(0, np.pi / 2, 40)
    one = np.stack([np.sin(steps), 1 - np.cos(steps)], axis=1)
    points = np.concatenate([one, 1 - one])
    if turn % 2:
        points[:, 0] = 1 - points[:, 0]
    outline = [(float(left + side * px), float(top + side * py)) for px, py in points]
    draw.polygon(outline, fill=front)
    small = side * 0.09
    draw.ellipse(_corners((left + side / 2 - small, top + side / 2 - small, 2 * small)), fill=third)


def _plain(draw: ImageDraw.ImageDraw, tile: _Box, front: str, third: str, turn: int) -> None:
    left, top, side = tile
    if turn == 0:
        inset = side * 0.22
        box = _corners((left + inset, top + inset, side - 2 * inset))
        draw.rectangle(box, fill=front, outline=third, width=max(1, int(side * 0.06)))


_Shape: TypeAlias = Callable[[ImageDraw.ImageDraw, _Box, str, str, int], None]
_SHAPES: list[_Shape] = [_quarter, _quarter, _half, _rings, _bars, _triangle, _leaf, _plain]
