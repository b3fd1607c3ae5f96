"""Land and water: hills at dusk, the sea under a low sun, a misty forest."""

import numpy as np
from PIL import Image, ImageDraw

from lookalike.demo.canvas import (
    Canvas,
    Palette,
    Plane,
    blend,
    canvas_of,
    colours,
    coordinates,
    disc,
    finish,
    glow,
    halo,
    noise,
    profile,
    ramp,
    resized,
    stars,
    unit,
)

# Each runs from the top of the sky to the horizon; the last colour is the nearest hill.
_DUSKS: list[Palette] = [
    ["1f2a5c", "6a4c93", "e0719e", "ffb86b", "ffe3a8", "1a1533"],
    ["0d3b66", "3f7cac", "95c8d8", "f9dcc4", "fec89a", "10243a"],
    ["2b1055", "7a3b9a", "e85d75", "ff9b71", "ffd8a8", "1d0b33"],
    ["134e5e", "4c9a8f", "a8d8b9", "fbeec1", "f9c784", "0c2a2c"],
    ["355070", "6d597a", "b56576", "e56b6f", "eaac8b", "1f2137"],
    ["03253f", "1f5f8b", "6fb1c8", "f3e1c7", "f6b26b", "061827"],
    ["4a1942", "893168", "d66a6a", "f2a65a", "f7e1a0", "241023"],
    ["22223b", "4a4e69", "9a8c98", "d9b8a7", "f2e9e4", "15152a"],
]
_SEAS: list[tuple[Palette, str]] = [
    (["274690", "576ca8", "f2a07b", "ffd07b", "fff1c4"], "fff3c9"),
    (["0b486b", "3b8686", "79bd9a", "cff09e", "f8f7d8"], "ffffe8"),
    (["41295a", "8a3f6d", "e2636b", "fba46b", "ffd98e"], "ffe6a7"),
    (["5b86b5", "8fb8d8", "c6dfee", "f5ead7", "fbe0b5"], "fffbe8"),
    (["16222a", "2c4a5a", "5f8a96", "c9b79c", "f1d7a5"], "fff0c8"),
    (["3a1c71", "a23f7a", "d76d77", "ffaf7b", "ffe0a3"], "fff0bd"),
]
_WOODS: list[Palette] = [
    ["f2f3e4", "b9cdb0", "6f9a78", "2f5d4a", "0e2a24"],
    ["fff1d6", "f0b36a", "c9652f", "7c3018", "2a120c"],
    ["e4eef5", "a8c4d6", "648ba6", "2d5070", "0d2137"],
    ["fdf0d5", "d8c878", "8fa24b", "44662f", "15280f"],
    ["f6e7ef", "cfa9c4", "8f6a9a", "4f3b6b", "1c1733"],
    ["eaf6f0", "94d0bd", "3f9a8d", "14605f", "052a2e"],
]

# Mainsail, foresail and hull in a square of 100 each way, with their opacity.
_BOAT: list[tuple[list[tuple[int, int]], int]] = [
    ([(50, 4), (50, 80), (16, 80)], 255),
    ([(54, 14), (54, 80), (80, 80)], 215),
    ([(12, 84), (88, 84), (74, 97), (26, 97)], 255),
]


def dusk_hills(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Ridge behind ridge fading into the haze, under a low sun or a moon."""
    width, height = canvas_of(size)
    palette = _DUSKS[int(rng.integers(len(_DUSKS)))]
    x, y = coordinates(width, height)
    down = y / y[-1]
    horizon = float(rng.uniform(0.42, 0.6))
    canvas = _sky(rng, (width, height), palette[:-1], horizon)
    if rng.random() < 0.3:
        stars(canvas, rng, 160, below=horizon * 0.6)
    centre = (
        float(x[0, -1] * rng.uniform(0.2, 0.8)),
        float(y[-1, 0] * horizon * rng.uniform(0.45, 0.95)),
    )
    light = colours(["fff4d6"])[0]
    glow(canvas, light, halo(x, y, centre, 0.16) * 0.75)
    blend(canvas, light, disc(x, y, centre, float(rng.uniform(0.035, 0.085)), 0.004))
    layers = int(rng.integers(5, 8))
    haze = colours([palette[-2]])[0]
    fading = [palette[-2], palette[2], palette[1], palette[-1]]
    for layer in range(layers):
        depth = (layer + 1) / layers
        rise = 0.03 + 0.07 * depth * float(rng.uniform(0.6, 1.3))
        crest = (
            profile(rng, width, 1.2 + 2.2 * (1 - depth) + float(rng.uniform(0, 1)), 7) * rise * 0.55
        )
        level = horizon + (1.02 - horizon) * (depth - 1 / layers) * 0.95
        if layer == layers - 1:
            crest = crest - _treetops(rng, width, height)
        tone = ramp(np.asarray([depth**0.9], dtype=np.float32), fading)[0]
        top = np.clip(level + crest, 0, 1) * height
        first = max(0, int(top.min()) - 1)
        rows = np.arange(first, height, dtype=np.float32)[:, None]
        part = canvas[first:]
        alpha = np.clip(rows - top[None, :].astype(np.float32), 0, 1)
        # Mist gathers in the valleys: a hill pales towards its foot, the near ones less.
        foot = np.clip((down[first:] - level) / 0.32, 0, 1) * (0.5 * (1 - depth))
        body = tone[None, None, :] + (haze - tone)[None, None, :] * foot[..., None]
        blend(part, body.astype(np.float32), alpha)
    return finish(canvas, rng)


def sea(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A low sun and its glittering path over the waves, at times with an island or a sail."""
    width, height = canvas_of(size)
    palette, sun = _SEAS[int(rng.integers(len(_SEAS)))]
    x, y = coordinates(width, height)
    horizon = float(rng.uniform(0.42, 0.62))
    line = int(height * horizon)
    canvas = _sky(rng, (width, height), palette, horizon)
    centre = (
        float(x[0, -1] * rng.uniform(0.25, 0.75)),
        float(y[line, 0] - rng.uniform(0.02, 0.24)),
    )
    radius = float(rng.uniform(0.06, 0.12))
    light = colours([sun])[0]
    glow(canvas, light, halo(x, y, centre, 0.22) * 0.8)
    blend(canvas, light, disc(x, y, centre, radius, 0.004))
    if rng.random() < 0.5:
        _islands(canvas, rng, line, colours([palette[0]])[0] * 0.8)
    # The water mirrors the sky, darker towards the eye.
    depth = np.linspace(0.004, 1, height - line, dtype=np.float32)[:, None]
    mirror = ramp((1 - depth[:, 0]) * 0.9, palette)
    mirror += (colours([palette[0]])[0] * 0.75 - mirror) * (0.42 + depth * 0.38)
    waves = _waves(rng, x - centre[0], depth)
    water = np.broadcast_to(mirror[:, None, :], (height - line, width, 3)).copy()
    water *= (1 + waves * 0.10)[..., None]
    spread = (radius * 0.75) + depth * rng.uniform(0.15, 0.4)
    path = np.exp(-(((x - centre[0]) / spread) ** 2))
    glitter = np.clip(path * 1.5 + waves * 0.55 - 0.75, 0, 1)
    glow(water, light, glitter * path * 1.6 + path * 0.18)
    canvas[line:] = water
    if rng.random() < 0.6:
        return _with_sail(finish(canvas, rng), rng, horizon, palette[0])
    return finish(canvas, rng)


def forest(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Conifers standing in the mist, rank behind rank, with light falling in from above."""
    width, height = canvas_of(size)
    palette = _WOODS[int(rng.integers(len(_WOODS)))]
    x, y = coordinates(width, height)
    down = (y / y[-1]).astype(np.float32)
    canvas = np.broadcast_to(ramp(0.28 * (1 - down), palette), (height, width, 3)).copy()
    centre = (float(x[0, -1] * rng.uniform(0.1, 0.9)), -0.05)
    light = colours([palette[0]])[0]
    ranks = 6
    for rank in range(ranks):
        near = (rank + 1) / ranks
        mask = _conifers(rng, (width, height), near)
        tone = ramp(np.asarray([0.22 + 0.78 * near**1.1], dtype=np.float32), palette)[0]
        mist = np.clip((down - 0.45) * (1.1 - near), 0, 0.75)
        body = tone[None, None, :] + (light - tone)[None, None, :] * mist[..., None]
        blend(canvas, body.astype(np.float32), mask)
        if rank == ranks - 3:
            angle = np.arctan2(x - centre[0], y - centre[1])
            beams = np.interp(angle, np.linspace(-2, 2, 240), profile(rng, 240, 30, 3)).astype(
                np.float32
            )
            glow(canvas, light, np.clip(beams, 0, 1) * (1 - down) * 0.3)
            glow(canvas, light, halo(x, y, centre, 0.5) * 0.6)
    return finish(canvas, rng, vignette=0.25)


def _sky(
    rng: np.random.Generator, size: tuple[int, int], palette: Palette, horizon: float
) -> Canvas:
    """A sky that runs through the palette down to the horizon, with streaks of cloud."""
    width, height = size
    down = np.linspace(0, 1 / horizon, height, dtype=np.float32)
    canvas = np.broadcast_to(ramp(down, palette)[:, None, :], (height, width, 3)).copy()
    clouds = noise(rng, (width // 2, height // 2), 5.5, 4, stretch=5.0)
    wide = resized(clouds, width, height)
    cover = np.clip(wide * 0.5 - rng.uniform(0.0, 0.4), 0, 0.55)
    lit = ramp(np.clip(down + 0.28, 0, 1), palette)[:, None, :]
    blend(canvas, lit, cover)
    return canvas


def _treetops(rng: np.random.Generator, width: int, height: int) -> Plane:
    """How far small trees stand out of a crest, (width,), as a share of the height."""
    tops = np.zeros(width, dtype=np.float32)
    columns = np.arange(width, dtype=np.float32)
    grove = profile(rng, width, 3, 3)
    for at in rng.integers(0, width, 140):
        if grove[at] < 0.1:
            continue
        tall = float(rng.uniform(14, 46)) * height / 720
        slope = float(rng.uniform(3.0, 4.5))
        tops = np.maximum(tops, tall - np.abs(columns - at) * np.float32(slope))
    return tops / np.float32(height)


def _islands(canvas: Canvas, rng: np.random.Generator, line: int, tone: Plane) -> None:
    """Low land on the horizon at one side."""
    height, width = canvas.shape[:2]
    reach = np.linspace(0, 1, width, dtype=np.float32)
    if rng.random() < 0.5:
        reach = reach[::-1]
    crest = np.clip(rng.uniform(0.3, 0.7) - reach, 0, None) * 0.25
    crest = crest * (1 + profile(rng, width, 3, 6) * 0.35)
    rows = np.arange(line, dtype=np.float32)[:, None]
    alpha = np.clip(rows - (line - crest[None, :] * height), 0, 1).astype(np.float32)
    blend(canvas[:line], tone, alpha * 0.85)


def _waves(rng: np.random.Generator, x: Plane, depth: Plane) -> Plane:
    """Waves in perspective: long and low far away, (rows, width), standard deviation about 1."""
    side = 512
    texture = noise(rng, (side * 2, side), 24, 3)
    # Faded into itself along x, it can be laid side by side without a seam.
    fade = np.linspace(0, 1, side, dtype=np.float32)
    texture = texture[:, side:] * np.sqrt(1 - fade) + texture[:, :side] * np.sqrt(fade)
    away = 1 / (depth + 0.06)
    total = np.zeros((depth.shape[0], x.shape[1]), dtype=np.float32)
    for along, across in ((70.0, 420.0), (150.0, 900.0)):
        # Far from zero, so that cutting off the fraction leaves no seam under the sun.
        column = (x * away * along + side * 64).astype(np.int32) % side
        row = (away * across).astype(np.int32) % side
        total += texture[row, column]
    return total * 0.7


def _with_sail(
    picture: Image.Image, rng: np.random.Generator, horizon: float, tone: str
) -> Image.Image:
    """A small boat on the water, drawn large and reduced onto the picture."""
    width, height = picture.size
    tall = int(min(width, height) * rng.uniform(0.1, 0.22))
    boat = Image.new("L", (tall * 4, tall * 4))
    draw = ImageDraw.Draw(boat)
    unit = tall * 4 / 100
    draw.polygon([(50 * unit, 4 * unit), (50 * unit, 80 * unit), (16 * unit, 80 * unit)], fill=255)
    draw.polygon([(54 * unit, 14 * unit), (54 * unit, 80 * unit), (80 * unit, 80 * unit)], fill=215)
    draw.polygon(
        [
            (12 * unit, 84 * unit),
            (88 * unit, 84 * unit),
            (74 * unit, 97 * unit),
            (26 * unit, 97 * unit),
        ],
        fill=255,
    )
    at = (
        int(width * rng.uniform(0.1, 0.75)),
        int(height * (horizon + rng.uniform(0.03, 0.12))) - tall,
    )
    dark = Image.new("RGB", (tall, tall), tuple(channel // 2 for channel in bytes.fromhex(tone)))
    picture.paste(dark, at, boat.resize((tall, tall), Image.Resampling.LANCZOS))
    return picture


def _conifers(rng: np.random.Generator, size: tuple[int, int], near: float) -> Plane:
    """A rank of conifers as a mask in 0..1; `near` is 0 far away and 1 in front."""
    width, height = size
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    tall = min(width, height) * (0.35 + 0.75 * near**1.4)
    count = int(width / tall * (11 - 6.5 * near)) + 2
    ground = height * (0.68 + 0.36 * near)
    for index in rng.permutation(count):
        middle = (index + float(rng.uniform(-0.6, 0.6)) + 0.5) * width / count
        top = ground - tall * float(rng.uniform(0.6, 1.15))
        base = ground + tall * 0.1
        half = (base - top) * float(rng.uniform(0.13, 0.19))
        tiers = int(rng.integers(11, 17))
        left: list[tuple[float, float]] = []
        right: list[tuple[float, float]] = []
        for tier in range(tiers):
            share = (tier + 1) / tiers
            row = top + (base - top) * 0.92 * share
            droop = (base - top) * 0.018
            for side, points in ((-1, left), (1, right)):
                out = half * share * float(rng.uniform(0.75, 1.1))
                points.append((middle + side * out, row + droop))
                points.append((middle + side * out * 0.5, row - droop * 0.4))
        draw.polygon([(middle, top), *right, *reversed(left)], fill=255)
        stem = max(1.0, half * 0.07)
        draw.line([(middle, base - half), (middle, base + half)], fill=255, width=round(stem * 2))
    draw.rectangle([0, min(height, int(ground + tall * 0.06)), width, height], fill=255)
    return unit(mask)
