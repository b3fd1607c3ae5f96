"""Small copies of a collection's pictures, made once and kept on disk by their content."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass

from lookalike import decode, source
from lookalike.errors import SourceError
from lookalike.store import StoredFile


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

    def __init__(self, folder: str) -> None:
        """Keep them in `folder`, which is made when it is needed, and may be deleted any time."""
        self._folder = folder

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
        return Thumbnail(data, current=True)


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
