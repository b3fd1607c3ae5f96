"""Bytes to an upright RGB picture."""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import PIL
from PIL import ExifTags, Image, UnidentifiedImageError, features

from lookalike.errors import DecodeError

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "DIB", "TIFF", "AVIF", "MPO", "PPM", "JPEG2000")
"""What is decoded. The list is closed: formats that run programs or reach out stay off."""

READER = f"pillow {PIL.__version__} " + ",".join(
    name for name in ("avif", "webp", "jpg_2000") if features.check(name)
)
"""Names this decoder; a file refused by another one is tried again."""

MAX_PIXELS = 120_000_000
"""Most pixels held at one time, by all threads together (up to 6 bytes each, 720 MB). A picture
with more is refused, unless it is a JPEG that can be decoded at a reduced scale."""

_LARGE = 8_000_000
"""Pictures above this are shrunk before their colours are converted, which would copy them."""

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Our own cap is stricter and is an error; Pillow's warning would only repeat it on stderr.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture.

    Attributes:
        image: mode RGB, upright, transparency laid on white; may be smaller than the original.
        width: pixels of the original, upright.
        height: pixels of the original, upright.
        format: the codec, such as "JPEG".
    """

    image: Image.Image
    width: int
    height: int
    format: str


def decode(data: bytes, *, at_least: int | None = None) -> Picture:
    """Decode the first frame of a picture.

    Args:
        data: the encoded file.
        at_least: pixels that each side has to keep; a JPEG is then decoded at the smallest scale
            that keeps them, which is many times faster for a large photo. None keeps all.

    Raises:
        DecodeError: the bytes are no picture in a known format, are damaged, or hold more pixels
            than `MAX_PIXELS`.
    """
    if not data:
        raise DecodeError("the file is empty")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return _decode_opened(image, at_least)
    except DecodeError:
        raise
    except UnidentifiedImageError as error:
        raise DecodeError(_unknown(data)) from error
    except Image.DecompressionBombError as error:
        raise DecodeError(f"it has more pixels than the limit of {MAX_PIXELS:,}") from error
    except MemoryError as error:
        raise DecodeError("it needs more memory than there is") from error
    except Exception as error:  # a damaged file makes codecs raise almost anything
        raise DecodeError(f"it is damaged: {_clause(error)}") from error


def from_image(image: Image.Image) -> Picture:
    """A picture that somebody has decoded already.

    Raises:
        DecodeError: its pixels cannot be read.
    """
    try:
        rgb = _to_rgb(image, None)
    except Exception as error:  # a lazily opened file may turn out to be damaged
        raise DecodeError(f"it is damaged: {_clause(error)}") from error
    return Picture(rgb, *rgb.size, image.format or "unknown")


def _decode_opened(image: Image.Image, at_least: int | None) -> Picture:
    codec = image.format or "unknown"
    width, height = image.size
    if at_least is not None and codec in ("JPEG", "MPO"):
        image.draft(None, (at_least, at_least))
    # A progressive JPEG keeps the coefficients of the full size, whatever the scale.
    full = bool(image.info.get("progressive"))
    held = width * height if full else image.size[0] * image.size[1]
    if held > MAX_PIXELS:
        raise DecodeError(
            f"its {width} x {height} = {width * height:,} pixels are over the limit of "
            f"{MAX_PIXELS:,}"
        )
    with _budget.hold(held):
        image.load()
        orientation = _orientation(image)
        rgb = _to_rgb(image, at_least if held > _LARGE else None)
    if orientation in _TRANSPOSE:
        rgb = rgb.transpose(_TRANSPOSE[orientation])
        if orientation >= 5:
            width, height = height, width
    return Picture(rgb, width, height, codec)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001  unreadable EXIF says nothing about the picture itself
        return 1


def _to_rgb(image: Image.Image, at_least: int | None) -> Image.Image:
    if image.mode.startswith("I;16"):
        # Pillow's own conversion of 16-bit grey clips at 255.
        return _reduced(image.point(lambda i: i * (1 / 257)).convert("L"), at_least).convert("RGB")
    if image.mode in ("I", "F"):
        return _deep_grey(_reduced(image, at_least))
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layer = _reduced(image.convert("RGBA"), at_least)
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    if image.mode in ("P", "1"):
        return _reduced(image.convert("RGB"), at_least)
    return _reduced(image, at_least).convert("RGB")


def _reduced(image: Image.Image, at_least: int | None) -> Image.Image:
    """Shrink by a whole factor, averaging, so that both sides keep `at_least` pixels."""
    factor = 1 if at_least is None else min(image.size) // at_least
    return image.reduce(factor) if factor >= 2 else image


def _deep_grey(image: Image.Image) -> Image.Image:
    """32-bit and float grey to RGB: 16-bit values by their range, others by their maximum."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float32), nan=0, posinf=0, neginf=0)
    top = float(values.max(initial=0.0))
    if image.mode == "I" and top <= 65535:
        top = 65535.0
    scale = 255 / top if top > 0 else 1.0
    grey = np.clip(values * scale + 0.5, 0, 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


class _PixelBudget:
    """Lets pictures in while their pixels fit the budget together."""

    def __init__(self, pixels: int) -> None:
        self._free = pixels
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, pixels: int) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: self._free >= pixels)
            self._free -= pixels
        try:
            yield
        finally:
            with self._changed:
                self._free += pixels
                self._changed.notify_all()


_budget = _PixelBudget(MAX_PIXELS)


def _unknown(data: bytes) -> str:
    head = data[:64]
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
        return "it is HEIC, which this install cannot read"
    if head.startswith((b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")):
        return "it is JPEG XL, which this install cannot read"
    if head.startswith(b"\xff\xd8"):
        return "it is damaged: the JPEG data ends before the picture begins"
    return "it is not a picture in a format that this install reads"


def _clause(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
