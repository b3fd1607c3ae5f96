"""Bytes to an upright RGB picture."""

import io
import struct
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import numpy as np
from PIL import (
    ExifTags,
    Image,
    ImageChops,
    ImageFile,
    JpegImagePlugin,
    UnidentifiedImageError,
)

from lookalike.decode import codecs
from lookalike.decode.animation import at_moments, moments
from lookalike.decode.details import Details, read_details
from lookalike.decode.jxl import BYTES_PER_PIXEL as JXL_BYTES
from lookalike.decode.jxl import decode_jxl, jxl_size
from lookalike.decode.raw import BYTES_PER_PIXEL as RAW_BYTES
from lookalike.decode.raw import RawFile, raw_details
from lookalike.errors import DecodeError

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "DIB", "TIFF", "AVIF", "PPM", "JPEG2000", "PSD")
"""What Pillow decodes, multi-picture JPEG (MPO) as JPEG; `codecs.py` has the others. The list is
closed: formats that run programs or reach out stay off."""

READER = codecs.reader()
"""Names this decoder; a file refused by another one is tried again."""

MAX_PIXELS = 120_000_000
"""Most pixels of one picture in the formats that decode most thriftily. A picture that needs more
memory than these is refused; a JPEG that is decoded at a reduced scale may have more pixels."""

MAX_BYTES = 8 * MAX_PIXELS
"""Most memory for pictures being decoded, by all threads together: 960 MB."""

_BYTES = {"WEBP": 16, "AVIF": 14, "JPEG2000": 24, "HEIF": 14}
"""Peak bytes a pixel while decoding, as measured; the others take 8: the picture and one copy."""

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

# What Pillow warns of (odd metadata, many pixels) would reach stderr once for every such file;
# what matters of it is an error here anyway.
warnings.filterwarnings("ignore", module=r"PIL\.")


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture.

    Attributes:
        image: mode RGB, upright, transparency laid on white; may be smaller than the original.
        width: pixels of the original, upright.
        height: pixels of the original, upright.
        format: the codec, such as "JPEG".
        details: what the file says of how it was made.
    """

    image: Image.Image
    width: int
    height: int
    format: str
    details: Details = field(default_factory=Details)


def decode(data: bytes, *, at_least: int | None = None, frame: int | None = None) -> Picture:
    """Decode a picture.

    Args:
        data: the encoded file.
        at_least: pixels that each side has to keep; a JPEG is then decoded at the smallest scale
            that keeps them, which is many times faster for a large photo. None keeps all.
        frame: of a picture that moves, what it shows so many milliseconds from its beginning; None
            is its first frame.

    Raises:
        DecodeError: the bytes are no picture in a known format, are damaged, or hold more pixels
            than `MAX_PIXELS`.
    """
    if not data:
        raise DecodeError("the file is empty")
    kind = codecs.kind_of(data)
    lacking = kind and codecs.missing(kind)
    if lacking:
        raise DecodeError(lacking)
    try:
        if kind == "JPEG XL":
            return _decode_jxl(data)
        if kind == "RAW":
            with suppress(UnidentifiedImageError):  # a TIFF that only looks like one
                return _decode_raw(data, at_least)
        with _open(data) as image:
            if frame:
                next(_at(image, [frame]))
            return _decode_opened(image, data, at_least)
    except Exception as error:  # a damaged file makes codecs raise almost anything
        raise _refusal(error, data) from error


def decode_frames(
    data: bytes, times: Sequence[int], at_least: int | None = None
) -> Iterator[tuple[int, Picture]]:
    """What a picture that moves shows at these moments, in milliseconds, rising.

    Raises:
        DecodeError: see `decode`.
    """
    try:
        with _open(data) as image:
            for ms in _at(image, times):
                yield ms, _decode_opened(image, data, at_least)
    except Exception as error:  # as in `decode`
        raise _refusal(error, data) from error


def moments_of(data: bytes) -> tuple[int, ...]:
    """Milliseconds of the frames of a picture that stand for it; none where one is enough.

    Raises:
        DecodeError: see `decode`.
    """
    try:
        with _open(data) as image:
            need = image.size[0] * image.size[1] * _bytes_per_pixel(image)
            check_size(*image.size, need)
            with budget.hold(need):
                return moments(image)
    except Exception as error:  # as in `decode`
        raise _refusal(error, data) from error


def _at(image: ImageFile.ImageFile, times: Iterable[int]) -> Iterator[int]:
    """See `at_moments`; a picture with too many pixels is refused before any frame is decoded."""
    check_size(*image.size, image.size[0] * image.size[1] * _bytes_per_pixel(image))
    return at_moments(image, times)


def _refusal(error: Exception, data: bytes) -> DecodeError:
    """Why a file with these bytes cannot be decoded, by the error that came up."""
    kind = codecs.kind_of(data)
    if isinstance(error, DecodeError):
        return error
    if isinstance(error, UnidentifiedImageError):
        damaged = f"it is damaged: its {kind} data cannot be opened"
        return DecodeError(damaged if kind else _unknown(data))
    if isinstance(error, Image.DecompressionBombError):
        return DecodeError(f"it has more pixels than the limit of {MAX_PIXELS:,}")
    if isinstance(error, MemoryError):
        return DecodeError("it needs more memory than there is")
    return DecodeError(f"it is damaged: {_clause(error)}")


def details_of(data: bytes) -> Details:
    """What the file says of how it was made, without decoding its pixels.

    Args:
        data: an encoded file that `decode` has taken before; any other says nothing.
    """
    kind = codecs.kind_of(data)
    try:
        if kind == "RAW":
            return raw_details(data)
        with _open(data) as image:
            return read_details(image)
    except Exception:  # noqa: BLE001  as in `decode`
        return Details()


def from_image(image: Image.Image) -> Picture:
    """A picture that somebody has opened already.

    A file that was opened and not changed since is turned upright, as `decode` does it.

    Raises:
        DecodeError: its pixels cannot be read.
    """
    try:
        image.load()
        orientation = _orientation(image) if isinstance(image, ImageFile.ImageFile) else 1
        rgb = _upright(_to_rgb(image, None), orientation)
    except Exception as error:  # a lazily opened file may turn out to be damaged
        raise DecodeError(f"it is damaged: {_clause(error)}") from error
    return Picture(rgb, *rgb.size, image.format or "unknown")


def _open(data: bytes) -> ImageFile.ImageFile:
    if codecs.kind_of(data) == "HEIF":
        from pi_heif import register_heif_opener

        register_heif_opener(thumbnails=False)
        return Image.open(io.BytesIO(data), formats=("HEIF",))
    if not data.startswith(b"\xff\xd8\xff"):
        return Image.open(io.BytesIO(data), formats=FORMATS)
    # Image.open has a limit of its own on the full size, whatever a reduced scale would hold.
    try:
        return JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    except (SyntaxError, IndexError, TypeError, KeyError, struct.error) as error:
        raise UnidentifiedImageError(str(error)) from error


def _decode_opened(image: ImageFile.ImageFile, data: bytes, at_least: int | None) -> Picture:
    codec = image.format or "unknown"
    width, height = image.size
    if at_least is not None and codec == "JPEG":
        image.draft(None, (at_least, at_least))
    held = image.size[0] * image.size[1]
    need = held * _bytes_per_pixel(image)
    if isinstance(image, JpegImagePlugin.JpegImageFile) and _in_many_scans(image, data):
        need += width * height * _coefficient_bytes(image)
    check_size(width, height, need)
    with budget.hold(need):
        details = read_details(image)  # before loading, as `details_of` reads them
        image.load()
        orientation = _orientation(image)
        rgb = _upright(_to_rgb(image, at_least if held > _LARGE else None), orientation)
    if orientation >= 5:
        width, height = height, width
    return Picture(rgb, width, height, codec, details)


def _decode_jxl(data: bytes) -> Picture:
    width, height = jxl_size(data)
    need = width * height * JXL_BYTES
    check_size(width, height, need)
    with budget.hold(need):
        rgb = _to_rgb(decode_jxl(data), None)
    return Picture(rgb, *rgb.size, "JPEG XL")


def _decode_raw(data: bytes, at_least: int | None) -> Picture:
    with RawFile(data) as raw:
        need = raw.width * raw.height * RAW_BYTES
        check_size(raw.width, raw.height, need)
        with budget.hold(need):
            rgb = raw.image(at_least).convert("RGB")
        rgb.info = {}
        return Picture(rgb, raw.width, raw.height, "RAW", raw_details(data))


def check_size(width: int, height: int, need: int) -> None:
    """Refuse a picture of so many pixels, which needs so many bytes to decode.

    Raises:
        DecodeError: it needs more than there may be.
    """
    if need > MAX_BYTES:
        raise DecodeError(
            f"its {width} x {height} = {width * height:,} pixels are over the limit of "
            f"{width * height * MAX_BYTES // need:,}"
        )


def _bytes_per_pixel(image: Image.Image) -> int:
    plain = 14 if image.mode in ("I", "F") or "transparency" in image.info else 8
    return _BYTES.get(image.format or "", plain)


def _in_many_scans(image: JpegImagePlugin.JpegImageFile, data: bytes) -> bool:
    """Whether the picture comes in several passes, as progressive ones do."""
    if image.info.get("progressive") or image.fp is None:
        return True
    # Pillow has just read the header of the first scan: how many of the colours does it have?
    first = data.rfind(b"\xff\xda", 0, image.fp.tell())
    return data[first + 4] < image.layers


def _coefficient_bytes(image: JpegImagePlugin.JpegImageFile) -> int:
    """Bytes a pixel, of the full size at any scale, that libjpeg keeps between scans."""
    areas = [across * down for _, across, down, _ in image.layer]
    largest = max(across for _, across, _, _ in image.layer) * max(
        down for _, _, down, _ in image.layer
    )
    return -(-2 * sum(areas) // largest)


def _orientation(image: Image.Image) -> int:
    """1 to 8; 1 where there is none or an unknown one."""
    try:
        value = int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001  unreadable EXIF says nothing about the picture itself
        return 1
    return value if value in _TRANSPOSE else 1


def _upright(rgb: Image.Image, orientation: int) -> Image.Image:
    if orientation in _TRANSPOSE:
        rgb = rgb.transpose(_TRANSPOSE[orientation])
    rgb.info = {}  # its EXIF would turn it a second time
    return rgb


def _to_rgb(image: Image.Image, at_least: int | None) -> Image.Image:
    if image.mode.startswith("I;16"):
        # Pillow's own conversion of 16-bit grey clips at 255.
        grey = image if image.mode == "I;16" else image.convert("I")
        return _reduced(grey.point(lambda i: i * (1 / 257)).convert("L"), at_least).convert("RGB")
    if image.mode in ("I", "F"):
        return _deep_grey(_reduced(image, at_least))
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        return _reduced(_on_white(image), at_least)
    if image.mode == "CMYK" and image.format == "JPEG" and "adobe" not in image.info:
        # Adobe's files hold the ink inverted, and Pillow takes every file for one of them.
        return ImageChops.invert(_reduced(image, at_least)).convert("RGB")
    if image.mode in ("P", "1"):
        return _reduced(image.convert("RGB"), at_least)
    return _reduced(image, at_least).convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "La":
        image = image.convert("LA")
    layer = image if image.mode in ("RGBA", "LA") else image.convert("RGBA")
    canvas = Image.new("RGB", layer.size, "white")
    canvas.paste(layer, mask=layer)
    return canvas


def _reduced(image: Image.Image, at_least: int | None) -> Image.Image:
    """Shrink by a whole factor, averaging, so that both sides keep `at_least` pixels."""
    factor = 1 if at_least is None else min(image.size) // at_least
    return image.reduce(factor) if factor >= 2 else image


def _deep_grey(image: Image.Image) -> Image.Image:
    """32-bit and float grey to RGB: 16-bit values by their range, others by their maximum."""
    values = np.array(image, dtype=np.float32)
    np.nan_to_num(values, copy=False, nan=0, posinf=0, neginf=0)
    top = float(values.max(initial=0.0))
    if image.mode == "I" and top <= 65535:
        top = 65535.0
    values *= 255 / top if top > 0 else 1.0
    values += 0.5
    grey = np.clip(values, 0, 255, out=values).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


class _MemoryBudget:
    """Lets pictures in while they fit the budget together."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """While inside, these bytes are taken; waits until they are free."""
        with self._changed:
            self._changed.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            yield
        finally:
            with self._changed:
                self._free += size
                self._changed.notify_all()


budget = _MemoryBudget(MAX_BYTES)
"""Of this process."""


def _unknown(data: bytes) -> str:
    if data.startswith(b"\xff\xd8"):
        return "it is damaged: the JPEG data ends before the picture begins"
    return "it is not a picture in a format that this install reads"


def _clause(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
