"""Short films of plain colours, made here: what is in them, and when, is known."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from lookalike.types import Pixels

BLACK, RED, GREEN, BLUE, SAND = (
    (0, 0, 0),
    (200, 30, 30),
    (30, 180, 40),
    (30, 40, 200),
    (220, 190, 120),
)
FPS = 8

Scene = tuple[tuple[int, int, int], float]
"""A colour, and seconds."""

SCENES: Sequence[Scene] = ((BLACK, 1), (RED, 2), (GREEN, 2), (BLUE, 2))


def painted(colour: tuple[int, int, int], size: tuple[int, int] = (96, 64)) -> Pixels:
    pixels = np.empty((size[1], size[0], 3), np.uint8)
    pixels[:] = colour
    return pixels


def write_film(
    path: Path,
    scenes: Sequence[Scene] = SCENES,
    codec: str = "libx264",
    *,
    size: tuple[int, int] = (96, 64),
    fps: int = FPS,
    gop: int = FPS,
    container: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Path:
    """A film of one colour after the other; `gop` frames from one that stands by itself on."""
    with av.open(str(path), "w", format=container) as out:
        out.metadata.update(metadata or {})
        stream: Any = out.add_stream(codec, rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.gop_size = gop
        if codec == "libx264":
            stream.options = {"preset": "ultrafast"}
        for colour, seconds in scenes:
            pixels = painted(colour, size)
            for _ in range(round(seconds * fps)):
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def write_animation(path: Path, scenes: Sequence[Scene], codec: str, **options: Any) -> Path:
    """A picture that moves: ten frames a second."""
    frames = [
        Image.fromarray(painted(colour))
        for colour, seconds in scenes
        for _ in range(round(seconds * 10))
    ]
    # Encoders fold frames that are the same: a spot wanders.
    for number, frame in enumerate(frames):
        frame.putpixel((number % frame.width, 1), (number % 256, 90, 90))
    frames[0].save(
        path, codec, save_all=True, append_images=frames[1:], duration=100, loop=0, **options
    )
    return path


def nearest_colour(image: Image.Image) -> tuple[int, int, int]:
    """The colour that the middle of a picture shows."""
    pixel = np.array(image.convert("RGB").getpixel((image.width // 2, image.height // 2)))
    return min(
        (BLACK, RED, GREEN, BLUE, SAND), key=lambda colour: float(np.abs(pixel - colour).sum())
    )
