"""What it means that a picture fits a `Where`: the definition that every store keeps."""

import os
import unicodedata
from collections.abc import Collection
from datetime import UTC, date, datetime, time
from typing import NamedTuple

from lookalike.store.base import FileRecord, under
from lookalike.types import Where

_MOST = 2**63 - 1


class Instant(NamedTuple):
    """The beginning of a day, in the two clocks that pictures have.

    Attributes:
        taken: as `FileRecord.taken`: seconds, a wall clock read as UTC.
        mtime_ns: as `FileRecord.mtime_ns`, of the day in this machine's time zone.
    """

    taken: int
    mtime_ns: int


def start_of(day: date) -> Instant:
    """When a day begins."""
    midnight = datetime.combine(day, time())
    wall = int(midnight.replace(tzinfo=UTC).timestamp())
    try:
        local = int(midnight.timestamp())
    except (ValueError, OverflowError, OSError):
        local = wall  # a year that the system's own calendar does not reach
    return Instant(wall, max(-_MOST, min(_MOST, local * 10**9)))


def label_key(label: str) -> str:
    """What tells labels apart: not case, nor the ways in which Unicode spells one letter."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", label).casefold())


def camera_key(camera: str) -> str:
    """What tells cameras apart: not the case of A to Z, as SQLite compares without case."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in camera)


def matches(where: Where, file: FileRecord, labels: Collection[str]) -> bool:
    """Whether a picture with these labels fits."""
    return (
        (where.folder is None or under(os.path.dirname(file.path), where.folder))
        and (not where.format or file.format.upper() in where.format)
        and (
            not where.label
            or not set(map(label_key, where.label)).isdisjoint(map(label_key, labels))
        )
        and (where.after is None or _since(file, start_of(where.after)))
        and (where.before is None or not _since(file, start_of(where.before)))
        and (where.min_width is None or file.width >= where.min_width)
        and (where.min_height is None or file.height >= where.min_height)
        and (where.min_bytes is None or file.size >= where.min_bytes)
        and (where.max_bytes is None or file.size <= where.max_bytes)
        and (where.camera is None or _same_camera(file.camera, where.camera))
    )


def _since(file: FileRecord, instant: Instant) -> bool:
    if file.taken is not None:
        return file.taken >= instant.taken
    return file.mtime_ns >= instant.mtime_ns


def _same_camera(camera: str | None, wanted: str) -> bool:
    return camera is not None and camera_key(camera) == camera_key(wanted)
