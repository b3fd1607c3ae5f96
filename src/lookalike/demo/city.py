"""A city by night, with its windows lit and its lights on the water."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from lookalike.demo.canvas import (
    Canvas,
    Palette,
    blend,
    canvas_of,
    colours,
    coordinates,
    disc,
    finish,
    glow,
    halo,
    noise,
    ramp,
    stars,
    to_image,
    unit,
)

# From the top of the sky to the glow behind the houses.
_NIGHTS: list[Palette] = [
    ["060b26", "14204a", "3b2f6b", "8a3f7d", "e8735a"],
    ["04101f", "0a2540", "15527a", "2f8fa3", "9fd8c4"],
    ["0a0820", "1d1145", "47207a", "9a3fa0", "f58fb0"],
    ["05070f", "121a2e", "2a3550", "5a5f7a", "c8a27a"],
    ["0b0618", "2a0f33", "6b1d45", "c23f45", "ffa552"],
]
_LAMPS: list[Palette] = [
    ["ffd27a", "ffe9b8", "ffb347"],
    ["ffe9c9", "bfe3ff", "ffcf8a"],
    ["ffc46b", "ff8fa3", "fff0d0"],
]


def city_night(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Three rows of houses under a glowing sky, mirrored in a river."""
    width, height = canvas_of(size)
    palette = _NIGHTS[int(rng.integers(len(_NIGHTS)))]
    lamps = _LAMPS[int(rng.integers(len(_LAMPS)))]
    x, y = coordinates(width, height)
    shore = int(height * rng.uniform(0.68, 0.82))
    down = np.linspace(0, height / shore * 1.3, height, dtype=np.float32)
    canvas = np.broadcast_to(ramp(down, palette)[:, None, :], (height, width, 3)).copy()
    stars(canvas, rng, 130, below=0.4)
    if rng.random() < 0.65:
        moon = (float(x[0, -1] * rng.uniform(0.12, 0.88)), float(rng.uniform(0.12, 0.25)))
        glow(canvas, colours(["e8ecff"])[0], halo(x, y, moon, 0.1) * 0.6)
        blend(
            canvas, colours(["fdf8e6"])[0], disc(x, y, moon, float(rng.uniform(0.03, 0.06)), 0.004)
        )
    for row in range(3):
        _houses(canvas, rng, shore, row, (palette, lamps))
    canvas[shore:] = _river(canvas[:shore], rng, height - shore)
    return finish(canvas, rng)


def _houses(
    canvas: Canvas,
    rng: np.random.Generator,
    shore: int,
    row: int,
    looks: tuple[Palette, Palette],
) -> None:
    """One row of houses down to the shore; 0 is the far row, 2 the near one."""
    width = canvas.shape[1]
    near = row / 2
    palette, lamps = looks
    walls = Image.new("L", (width, shore))
    lights = Image.new("RGB", (width, shore))
    wall, light = ImageDraw.Draw(walls), ImageDraw.Draw(lights)
    column = -int(rng.integers(0, 40))
    while column < width:
        wide = int(rng.uniform(34, 92) * (0.8 + 0.35 * near))
        tall = int(shore * (0.64 - 0.2 * near) * float(rng.uniform(0.45, 1.0)))
        top = shore - tall
        wall.rectangle([column, top, column + wide, shore], fill=255)
        _roof(wall, rng, (column, top, wide))
        _windows(light, rng, (column, top, wide, shore), lamps)
        column += wide + int(rng.uniform(-6, 10))
    part = canvas[:shore]
    far, close = colours([palette[3], palette[0]])
    tone = far * 0.55 + (close * 0.6 - far * 0.55) * near
    blend(part, tone, unit(walls))
    shine = unit(lights) * (0.5 + 0.5 * near)
    soft = unit(lights.reduce(4).filter(ImageFilter.GaussianBlur(3)).resize(lights.size))
    part += (1 - part) * np.clip(shine + soft * 0.9, 0, 1)


def _roof(wall: ImageDraw.ImageDraw, rng: np.random.Generator, house: tuple[int, int, int]) -> None:
    """A flat roof, a smaller storey, a spire or a slope."""
    column, top, wide = house
    middle = column + wide // 2
    kind = int(rng.integers(6))
    if kind == 0:
        wall.rectangle([column + wide // 5, top - 22, column + wide - wide // 5, top], fill=255)
        wall.line([(middle, top - 22), (middle, top - 76)], fill=255, width=3)
    elif kind == 1:
        wall.polygon([(column, top), (column + wide, top), (middle, top - wide * 0.7)], fill=255)
    elif kind == 2:
        wall.polygon(
            [(column, top), (column + wide, top), (column + wide, top - wide * 0.45)], fill=255
        )
    elif kind == 3:
        wall.pieslice([column, top - wide // 2, column + wide, top + wide // 2], 180, 360, fill=255)


def _windows(
    light: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    house: tuple[int, int, int, int],
    lamps: Palette,
) -> None:
    """A grid of windows, some of them lit."""
    column, top, wide, shore = house
    # What an earlier house of the row lit here lies behind this one now.
    light.rectangle([column, top, column + wide, shore], fill=0)
    across, down = int(rng.integers(9, 14)), int(rng.integers(12, 18))
    share = float(rng.uniform(0.2, 0.6))
    left = column + 5 + (wide - 10) % across // 2
    tints = [tuple(bytes.fromhex(lamp)) for lamp in lamps]
    for row in range(top + 9, shore - 8, down):
        for at in range(left, column + wide - across + 2, across):
            if rng.random() < share:
                tint = tints[int(rng.integers(len(tints)))]
                dim = float(rng.uniform(0.45, 1.0))
                fill = tuple(int(channel * dim) for channel in tint)
                light.rectangle([at, row, at + across - 5, row + down - 7], fill=fill)


def _river(above: Canvas, rng: np.random.Generator, rows: int) -> Canvas:
    """The mirrored city, drawn long and broken up by ripples."""
    height, width = above.shape[:2]
    depth = np.arange(rows)
    source = np.clip(height - 1 - (depth * 1.6).astype(np.int32), 0, height - 1)
    ripple = noise(rng, (width, rows), 9, 3, stretch=7)
    sway = (ripple * np.linspace(2, 22, rows, dtype=np.float32)[:, None]).astype(np.int32)
    smooth = unit(to_image(above).filter(ImageFilter.BoxBlur(3)))
    moved = np.clip(source[:, None] + sway, 0, height - 1)
    mirrored: Canvas = smooth[moved, np.arange(width)[None, :]]
    mirrored *= np.linspace(0.8, 0.5, rows, dtype=np.float32)[:, None, None]
    return mirrored
