"""A camera's raw file, made here: a DNG with a sensor of red, green and blue cells."""

import struct

import numpy as np
from PIL import Image

_BYTE, _TEXT, _SHORT, _LONG, _RATIONAL, _SRATIONAL = 1, 2, 3, 4, 5, 10
_FORMATS = {_BYTE: "B", _SHORT: "H", _LONG: "I"}


def dng(picture: Image.Image, preview: bytes = b"", orientation: int = 1) -> bytes:
    """The file; `preview` is a JPEG that the camera put into it, as the sensor is held."""
    rgb = np.asarray(picture.convert("RGB"), dtype=np.uint16)
    height, width = rgb.shape[:2]
    cells = np.empty((height, width), dtype="<u2")
    cells[0::2, 0::2] = rgb[0::2, 0::2, 0]
    cells[0::2, 1::2] = rgb[0::2, 1::2, 1]
    cells[1::2, 0::2] = rgb[1::2, 0::2, 1]
    cells[1::2, 1::2] = rgb[1::2, 1::2, 2]
    sensor = (cells * 257).astype("<u2").tobytes()
    about: list[tuple[int, int, object]] = [
        (271, _TEXT, b"Lookalike\0"),
        (272, _TEXT, b"Lookalike One\0"),
        (274, _SHORT, [orientation]),
        (306, _TEXT, b"2021:07:14 10:20:30\0"),
        (50706, _BYTE, [1, 4, 0, 0]),
        (50707, _BYTE, [1, 1, 0, 0]),
        (50708, _TEXT, b"Lookalike One\0"),
        (50721, _SRATIONAL, [(v, 10000) for v in (10000, 0, 0, 0, 10000, 0, 0, 0, 10000)]),
        (50728, _RATIONAL, [(1, 1), (1, 1), (1, 1)]),
        (50778, _SHORT, [21]),
    ]
    raw: list[tuple[int, int, object]] = [
        (254, _LONG, [0]),
        (256, _LONG, [width]),
        (257, _LONG, [height]),
        (258, _SHORT, [16]),
        (259, _SHORT, [1]),
        (262, _SHORT, [32803]),
        (277, _SHORT, [1]),
        (278, _LONG, [height]),
        (279, _LONG, [len(sensor)]),
        (33421, _SHORT, [2, 2]),
        (33422, _BYTE, [0, 1, 1, 2]),
        (50717, _LONG, [65535]),
    ]
    if not preview:
        return _tiff([([*about, *raw], sensor)])
    with_preview = [
        (254, _LONG, [1]),
        (256, _LONG, [width]),
        (257, _LONG, [height]),
        (258, _SHORT, [8, 8, 8]),
        (259, _SHORT, [7]),
        (262, _SHORT, [6]),
        (277, _SHORT, [3]),
        (278, _LONG, [height]),
        (279, _LONG, [len(preview)]),
    ]
    return _tiff([([*about, *with_preview], preview), (raw, sensor)])


def _tiff(folders: list[tuple[list[tuple[int, int, object]], bytes]]) -> bytes:
    """The first folder of tags, and the others below it, each with its strip of pixels."""
    out = b"II*\0" + struct.pack("<I", 0)
    places: list[int] = []
    for tags, strip in reversed(folders):
        start = len(out)
        out += strip
        added: list[tuple[int, int, object]] = [(273, _LONG, [start])]
        if places:
            added.append((330, _LONG, places))
        values: list[tuple[int, int, int, bytes]] = []
        for tag, kind, value in sorted([*tags, *added], key=lambda entry: entry[0]):
            count, data = _packed(kind, value)
            if len(data) > 4:
                values.append((tag, kind, count, struct.pack("<I", len(out))))
                out += data + b"\0" * (len(data) % 2)
            else:
                values.append((tag, kind, count, data.ljust(4, b"\0")))
        out += b"\0" * (len(out) % 2)
        places = [len(out)]
        out += struct.pack("<H", len(values))
        out += b"".join(struct.pack("<HHI", tag, kind, n) + data for tag, kind, n, data in values)
        out += struct.pack("<I", 0)
    return out[:4] + struct.pack("<I", places[0]) + out[8:]


def _packed(kind: int, value: object) -> tuple[int, bytes]:
    if isinstance(value, bytes):
        return len(value), value
    assert isinstance(value, list)
    if kind in (_RATIONAL, _SRATIONAL):
        return len(value), b"".join(
            struct.pack("<ii" if kind == _SRATIONAL else "<II", *each) for each in value
        )
    return len(value), struct.pack(f"<{len(value)}{_FORMATS[kind]}", *value)
