"""Rows of pictures as records."""

import os
from collections.abc import Sequence
from typing import Any

from lookalike.store.base import FileRecord, StoredFile
from lookalike.store.local.labels import read_keywords

FILE = (
    "i.id, f.path, i.name, i.size, i.mtime_ns, i.digest, i.width, i.height, i.format, i.taken,"
    " i.camera, i.details, nullif(i.frame, -1), i.keywords"
)
"""The columns that `stored_file` takes, of `IMAGES`."""

IMAGES = "images i JOIN folders f ON f.id = i.folder_id"


def stored_file(row: tuple[Any, ...]) -> StoredFile:
    """The picture that a row of `FILE` is."""
    columns: list[Any] = [*row[:-1], read_keywords(row[-1])]
    image_id, folder, name, *rest = columns
    return StoredFile(image_id, FileRecord(path_of(folder, name), *rest))


def path_of(folder: bytes, name: bytes) -> str:
    """The path of a file."""
    return os.path.join(os.fsdecode(folder), os.fsdecode(name))


def marks(values: Sequence[object]) -> str:
    """As many marks as there are values, for IN (...)."""
    return ",".join("?" * len(values))
