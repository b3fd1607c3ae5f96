"""Pictures drawn by formula, and their encoded files."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from lookalike.types import Pixels

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def corners(width: int = 48, height: int = 32) -> Image.Image:
    """Four flat quarters, red, green, blue and white from the top left in reading order."""
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    pixels[height // 2 :, width // 2 :] = WHITE
    return Image.fromarray(pixels)


def waves(width: int, height: int) -> Image.Image:
    """Smooth colour waves with some fine grain, so that resampling has something to do."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    bands = [np.sin(x / a + y / b) for a, b in ((37.0, 91.0), (53.0, 29.0), (113.0, 17.0))]
    grain = 12 * np.sin(x * 1.9) * np.cos(y * 2.3)
    pixels = np.stack([127 + 100 * band + grain for band in bands], axis=2)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, codec: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, codec, **options)
    return out.getvalue()


def quarters(pixels: Pixels) -> list[tuple[int, ...]]:
    """The colours in the middle of the four quarters, in reading order."""
    height, width = pixels.shape[:2]
    return [
        tuple(int(v) for v in pixels[y, x])
        for y in (height // 4, height * 3 // 4)
        for x in (width // 4, width * 3 // 4)
    ]


def png(width: int, height: int, *, depth: int = 8, colour: int = 2, row: bytes = b"") -> bytes:
    """A flat PNG of any size, streamed through zlib, so that a huge one costs nothing to make."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    line = b"\0" + (row or bytes((width * channels * depth + 7) // 8))
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
