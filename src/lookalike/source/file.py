"""One file: bounded read, and the hash that tells a moved picture from a new one."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from lookalike.errors import SourceError
from lookalike.source.objects import read_object
from lookalike.types import is_address

MAX_FILE_BYTES = 512 * 1024 * 1024


@contextmanager
def regular_file(path: str | os.PathLike[str]) -> Iterator[tuple[BinaryIO, os.stat_result]]:
    """A file that is open for reading, and what the system says of it.

    Raises:
        SourceError: it is missing, cannot be opened, or is not a regular file.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to must not wait for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    except FileNotFoundError as error:
        reason = "it is a link to nothing" if os.path.islink(path) else "there is no such file"
        raise SourceError(reason) from error
    except OSError as error:
        raise SourceError(f"it cannot be opened: {_why(error)}") from error
    except ValueError as error:
        raise SourceError(f"no file can have that name: {error}") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise SourceError("it is not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        yield file, status


def read_file(path: str | os.PathLike[str], max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """The whole content of a regular file, or of an object by its address.

    Raises:
        SourceError: the file is missing, unreadable, not a regular file, empty, or larger than
            `max_bytes`.
    """
    if is_address(os.fsdecode(path)):
        return read_object(os.fsdecode(path), max_bytes)
    with regular_file(path) as (file, status):
        if status.st_size > max_bytes:
            raise SourceError(
                f"its {status.st_size / 2**20:.0f} MiB are over the limit of "
                f"{max_bytes / 2**20:.0f} MiB"
            )
        try:
            data = file.read(max_bytes + 1)
        except OSError as error:
            raise SourceError(f"it cannot be read: {_why(error)}") from error
    if not data:
        raise SourceError("the file is empty")
    if len(data) > max_bytes:
        raise SourceError(
            f"it grew past the limit of {max_bytes / 2**20:.0f} MiB while it was read"
        )
    return data


def read_stream(stream: BinaryIO, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Everything that a stream has, such as standard input.

    Raises:
        SourceError: it is empty, breaks off, or has more than `max_bytes`.
    """
    try:
        data = stream.read(max_bytes + 1)
    except OSError as error:
        raise SourceError(f"it cannot be read: {_why(error)}") from error
    if not data:
        raise SourceError("it is empty")
    if len(data) > max_bytes:
        raise SourceError(f"it is larger than the limit of {max_bytes / 2**20:.0f} MiB")
    return data


def content_digest(data: bytes) -> bytes:
    """BLAKE2b of the content, 16 bytes: enough that two pictures never share one by chance."""
    return hashlib.blake2b(data, digest_size=16).digest()


_BINARY: int = getattr(os, "O_BINARY", 0)


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
