"""Small copies of a collection's pictures, made once and kept on disk by their content."""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from lookalike import decode, source
from lookalike.errors import SourceError
from lookalike.store import StoredFile

MOST_BYTES = 4 * 2**30
"""What a collection's thumbnails may take on disk, about."""

_OFTEN = 16
"""How often it is looked while that much is written."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small copy.

    Attributes:
        data: a JPEG, upright.
        current: whether it is of the content that was indexed; False where the file has been
            changed since.
    """

    data: bytes
    current: bool


class Thumbnails:
    """Makes and keeps the thumbnails of one collection. Thread-safe, also between processes."""

    def __init__(self, folder: str, most_bytes: int = MOST_BYTES) -> None:
        """Keep them in `folder`, which is made when it is needed, and may be deleted any time.

        Beyond `most_bytes` those go that were not looked at for longest.
        """
        self._folder = folder
        self._most = most_bytes

    def of(self, stored: StoredFile, side: int) -> Thumbnail:
        """The picture's thumbnail, its longest side at most `side` pixels.

        Raises:
            SourceError, DecodeError: it is not kept yet, and its file cannot be read any more.
        """
        content = stored.file.content
        path = os.path.join(self._folder, content[:2], f"{content}-{side}.jpg")
        with suppress(OSError), open(path, "rb") as file:
            return Thumbnail(file.read(), current=True)
        original = read_original(stored)
        data = decode.thumbnail(original, side, stored.file.frame)
        if not is_as_indexed(stored, original):
            return Thumbnail(data, current=False)  # not to be kept under the name of another
        # A place that cannot be written to costs time, not the picture.
        with suppress(OSError):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            scratch = f"{path}.{secrets.token_hex(8)}"  # machines may share the folder
            with open(scratch, "wb") as file:
                file.write(data)
            os.replace(scratch, path)
            # By chance, so that many short processes come to it as one long one does.
            if secrets.randbelow(self._most) < _OFTEN * len(data):
                _drop_oldest(self._folder, self._most)
        return Thumbnail(data, current=True)


def _drop_oldest(folder: str, most: int) -> None:
    """Where files take more than `most` bytes, delete the oldest, until an eighth is free."""
    found = [
        (max(status.st_atime_ns, status.st_mtime_ns), status.st_size, path)
        for path, status in _files(folder)
    ]
    total = sum(size for _, size, _ in found)
    if total <= most:
        return
    for _, size, path in sorted(found):
        if total <= most - most // 8:
            return
        with suppress(OSError):  # another process was faster, or reads it and holds it open
            os.unlink(path)
        total -= size


def _files(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with suppress(OSError):
                yield path, os.stat(path)


def is_as_indexed(stored: StoredFile, original: source.Media) -> bool:
    """Whether a file is what it was when it was indexed; a film, by its size and time stamp."""
    if isinstance(original, bytes):
        return source.content_digest(original) == stored.file.digest
    # A film may be too large to be read through for every frame of it.
    try:
        status = os.stat(original.path)
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (stored.file.size, stored.file.mtime_ns)


def read_original(stored: StoredFile) -> source.Media:
    """The file as it is on disk: its bytes, or where it is, if it is a film.

    Raises:
        SourceError: it cannot be read any more.
    """
    try:
        return source.read_media(stored.file.path)
    except SourceError as error:
        raise SourceError(f"{stored.file.path} cannot be shown: {error}") from error
