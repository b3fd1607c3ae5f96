"""Formats that Pillow leaves to other packages: which ones, and whether they are installed."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from PIL import features

from lookalike.source.media import HEAD_BYTES, container_of
from lookalike.source.names import SUFFIXES

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_RAW_STARTS = (b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILM", b"\0MRM")
_MAKE, _SUB_IFDS, _DNG_VERSION = 271, 330, 50706

EXTRAS = {"HEIF": "heif", "JPEG XL": "jxl", "RAW": "raw", "Video": "video"}
"""The extra of this package that brings what reads a format."""

_PACKAGES = {"HEIF": "pi-heif", "JPEG XL": "imagecodecs", "RAW": "rawpy", "Video": "av"}
_CALLED = {"RAW": "a camera's raw file", "Video": "a film"}
_BUILT_IN = {"WebP": "webp", "AVIF": "avif", "JPEG 2000": "jpg_2000"}
"""What a Pillow may have been built without."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format of pictures.

    Attributes:
        name: such as "JPEG XL".
        suffixes: how its files' names end.
        reads: whether this install reads it.
        package: what reads it, with its version; the package to install where it is missing.
        extra: the extra of lookalike that brings it; None for what Pillow reads.
    """

    name: str
    suffixes: tuple[str, ...]
    reads: bool
    package: str
    extra: str | None


def formats() -> list[Format]:
    """All formats that are known, the common ones first."""
    return [_format(name, suffixes) for name, suffixes in SUFFIXES.items()]


def missing(name: str) -> str | None:
    """Why a format cannot be read here, as the reason for a person; None where it can be."""
    if name not in EXTRAS or installed(_PACKAGES[name]):
        return None
    return f"it is {_CALLED.get(name, name)}: to read it, pip install 'lookalike[{EXTRAS[name]}]'"


@cache
def installed(package: str) -> str | None:
    """The version of a package; None where it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def reader() -> str:
    """Names what decodes here, so that what was refused is tried again by another install."""
    built_in = [name for name in _BUILT_IN.values() if features.check(name)]
    added = [f"{name} {installed(name)}" for name in _PACKAGES.values() if installed(name)]
    return f"pillow {version('pillow')} {','.join(built_in + added)}"


def kind_of(data: bytes) -> str | None:  # noqa: PLR0911  one for each way to tell
    """The format of a file's content, if Pillow leaves it to others."""
    if data.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL ")):
        return "JPEG XL"
    if data[4:8] == b"ftyp":
        if data[8:12] == b"crx ":
            return "RAW"
        # AVIF may go by the family's name, too, and says the own one further on.
        length = min(int.from_bytes(data[:4], "big"), 256)
        if b"avif" in data[8:length] or b"avis" in data[8:length]:
            return None
        return "HEIF" if data[8:12] in _HEIF_BRANDS else "Video"
    if data.startswith(_RAW_STARTS) or (data[:4] == b"II*\0" and data[8:10] == b"CR"):
        return "RAW"
    if data.startswith((b"II*\0", b"MM\0*")) and _is_raw_tiff(data):
        return "RAW"
    return None if container_of(data[:HEAD_BYTES]) is None else "Video"


def may_move(data: bytes) -> bool:
    """Whether a picture may have several frames, by its first bytes."""
    if data.startswith(b"GIF8"):
        return True
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"acTL" in data[:HEAD_BYTES]
    if data[:4] == b"RIFF" and data[8:16] == b"WEBPVP8X":
        return len(data) > 20 and bool(data[20] & 2)
    return data[4:8] == b"ftyp" and b"avis" in data[8:64]


def _is_raw_tiff(data: bytes) -> bool:
    """Whether a TIFF is a camera's raw file: it says its maker, and keeps pictures below."""
    order: Literal["little", "big"] = "little" if data[:1] == b"I" else "big"
    start = int.from_bytes(data[4:8], order)
    count = int.from_bytes(data[start : start + 2], order)
    entries = (data[start + 2 + 12 * n : start + 14 + 12 * n] for n in range(min(count, 256)))
    tags = {int.from_bytes(entry[:2], order) for entry in entries}
    return _DNG_VERSION in tags or {_MAKE, _SUB_IFDS} <= tags


def _format(name: str, suffixes: tuple[str, ...]) -> Format:
    if name in EXTRAS:
        package = _PACKAGES[name]
        found = installed(package)
        return Format(
            name, suffixes, found is not None, f"{package} {found or ''}".strip(), EXTRAS[name]
        )
    reads = name not in _BUILT_IN or features.check(_BUILT_IN[name])
    return Format(name, suffixes, bool(reads), f"pillow {version('pillow')}", None)
