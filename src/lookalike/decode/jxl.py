"""JPEG XL, through imagecodecs."""

import numpy as np
from PIL import Image

BYTES_PER_PIXEL = 24
"""Most memory that decoding takes."""

_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


def jxl_size(data: bytes) -> tuple[int, int]:
    """Width and height as stored, in pixels, from the head of the file.

    Raises:
        ValueError: it is no JPEG XL, or ends too soon.
    """
    stream = _codestream(data)
    if stream[:2] != b"\xff\x0a" or len(stream) < 12:
        raise ValueError("the data ends before the picture begins")
    bits = int.from_bytes(stream[2:14], "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    def side(small: bool) -> int:
        return 8 * (take(5) + 1) if small else take((9, 13, 18, 30)[take(2)]) + 1

    small = bool(take(1))
    height = side(small)
    ratio = take(3)
    if ratio == 0:
        return side(small), height
    across, down = _RATIOS[ratio - 1]
    return height * across // down, height


def decode_jxl(data: bytes) -> Image.Image:
    """The first frame, upright.

    Raises:
        RuntimeError: the file is damaged.
    """
    import imagecodecs

    pixels = np.asarray(imagecodecs.jpegxl_decode(data, index=0, numthreads=1))
    if pixels.dtype.kind == "f":
        pixels = np.clip(pixels * 255 + 0.5, 0, 255).astype(np.uint8)
    elif pixels.dtype != np.uint8:
        pixels = (pixels >> 8 * (pixels.dtype.itemsize - 1)).astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)


def _codestream(data: bytes) -> bytes:
    """The coded picture out of its container, as far as its head."""
    if data.startswith(b"\xff\x0a"):
        return data[:64]
    place = 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        kind, head = data[place + 4 : place + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[place + 8 : place + 16], "big"), 16
        begin = place + head + (4 if kind == b"jxlp" else 0)
        if kind in (b"jxlc", b"jxlp"):
            return data[begin : begin + 64]
        if size < head:
            break
        place += size
    raise ValueError("the data ends before the picture begins")
