"""What a picture's file says of itself: when and with which camera it was made, and keywords."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from PIL import ExifTags, Image

from lookalike.decode.keywords import keywords_of

DETAILS = 2
"""Version of what is read here. Pictures that were indexed with another are read once more, but
not encoded."""

_TIME = re.compile(r"(\d{4})\D(\d\d)\D(\d\d)\D(\d\d)\D(\d\d)\D(\d\d)")
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Details:
    """What the file says.

    Attributes:
        taken: when the picture was taken: seconds since the epoch, the camera's clock read as if
            it were UTC. None where the file does not say.
        camera: maker and model, such as "Canon EOS R5". None where the file does not say.
        keywords: in their order.
    """

    taken: int | None = None
    camera: str | None = None
    keywords: tuple[str, ...] = ()


def read_details(image: Image.Image) -> Details:
    """Read an open picture's EXIF; what is unreadable counts as not said."""
    try:
        # Not PNG's own method, which would decode the whole picture to look behind it as well.
        exif = Image.Image.getexif(image)
        return replace(details_of_exif(exif), keywords=keywords_of(image, exif))
    except Exception:  # noqa: BLE001  unreadable EXIF says nothing about the picture itself
        return Details()


def details_of_exif(exif: Image.Exif) -> Details:
    """What a file's EXIF says; what is unreadable counts as not said."""
    try:
        inner = exif.get_ifd(ExifTags.IFD.Exif)
        taken = _time(inner.get(ExifTags.Base.DateTimeOriginal))
        if taken is None:
            taken = _time(inner.get(ExifTags.Base.DateTimeDigitized))
        make, model = _text(exif.get(ExifTags.Base.Make)), _text(exif.get(ExifTags.Base.Model))
    except Exception:  # noqa: BLE001  unreadable EXIF says nothing about the picture itself
        return Details()
    return Details(taken, _camera(make, model))


def _time(value: object) -> int | None:
    found = _TIME.match(_text(value))
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups())
    try:
        return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except ValueError:
        return None  # "0000:00:00 00:00:00": a camera whose clock was never set


def _camera(make: str, model: str) -> str | None:
    # Many models begin with their maker, also where the maker goes by a longer name.
    makers, _, _ = make.partition(" ")
    if not model.casefold().startswith(makers.casefold()):
        model = f"{make} {model}"
    return model.strip() or None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    value = value.partition("\0")[0]
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())[:_LONGEST]
