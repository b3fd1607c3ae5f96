"""Walk a folder tree, one folder at a time, so that memory is bounded by the largest folder."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from lookalike.errors import SourceError
from lookalike.source.names import is_picture_name
from lookalike.source.sieve import IGNORE_FILE, Sieve
from lookalike.types import Rules, is_address

COLLECTION_MARKER = "collection.sqlite"
"""A folder that holds this file is a collection: its thumbnails are not somebody's pictures."""


class Sidecar(NamedTuple):
    """A file of XMP beside a picture: its name in its folder, bytes, nanoseconds."""

    name: str
    size: int
    mtime_ns: int


class FoundFile(NamedTuple):
    """A file that promises a picture: its name in its folder, bytes, nanoseconds, its sidecars."""

    name: str
    size: int
    mtime_ns: int
    sidecars: tuple[Sidecar, ...] = ()


@dataclass(slots=True)
class FoundFolder:
    """One folder as it was listed.

    Attributes:
        path: absolute.
        device: number of the device that the folder is on; changes where a drive is mounted.
        files: candidates, sorted by name.
        unreadable: (path, reason) of entries that are no usable files.
        hidden: (path, reason) of entries that cannot be looked at for now: whatever is known of
            them still stands.
        complete: whether everything in the folder was seen, so that what is missing is gone.
    """

    path: str
    device: int
    files: list[FoundFile] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    hidden: list[tuple[str, str]] = field(default_factory=list)
    complete: bool = True


def is_collection(path: str) -> bool:
    """Whether a folder is a collection rather than somebody's pictures."""
    return os.path.exists(os.path.join(path, COLLECTION_MARKER))


def device_number(path: str) -> int:
    """`st_dev` of a path, within 63 bits: Windows has larger ones, SQLite has not.

    Raises:
        OSError: nothing can be seen at `path`.
    """
    return os.stat(path).st_dev & (2**63 - 1)


def walk(start: str, sieve: Sieve | None = None) -> Iterator[FoundFolder]:
    """List `start` and the folders under it, depth first, in the order of their names.

    Sidecar and system folders, collections, and what the sieve holds back are passed over. Where
    `start` is a file, it alone is found.

    Args:
        start: absolute path of a folder or file, or an address: the sieve's root, or under it.
        sieve: which files count; None takes all but hidden ones.
    """
    sieve = sieve or Sieve(start, Rules())
    if is_address(start):
        from lookalike.source.bucket import walk_bucket

        yield from walk_bucket(start, sieve)
        return
    try:
        is_folder = stat.S_ISDIR(os.stat(start).st_mode)
    except OSError as error:
        yield FoundFolder(start, -1, unreadable=[(start, _reason(error))], complete=False)
        return
    if not is_folder:
        yield _single(start, sieve.rules)
        return
    try:
        pending = [(start, _sieve_at(start, sieve))]
    except SourceError as error:
        yield FoundFolder(start, -1, unreadable=[(start, str(error))], complete=False)
        return
    linked: set[str] = set()
    while pending:
        path, sieve = pending.pop()
        folder, below, sieve = _list(path, sieve, linked)
        pending.extend((each, sieve) for each in sorted(below, reverse=True))
        if folder:
            yield folder


def _sieve_at(start: str, sieve: Sieve) -> Sieve:
    """With the patterns of the folders from the root down to above `start`.

    Raises:
        SourceError: those of a folder cannot be read.
    """
    above = []
    while start != sieve.root:
        start = os.path.dirname(start)
        above.append(start)
    for folder in reversed(above):
        if os.path.lexists(os.path.join(folder, IGNORE_FILE)):
            sieve = sieve.below(folder)
    return sieve


def _list(path: str, sieve: Sieve, linked: set[str]) -> tuple[FoundFolder | None, list[str], Sieve]:
    """A folder, the paths of those below it, and the sieve that holds in it.

    Args:
        path: absolute.
        sieve: of the folder that it is in.
        linked: real paths of the folders that links have led to; grows.
    """
    below: list[str] = []
    try:
        folder = FoundFolder(path, device_number(path))
        with os.scandir(path) as entries:
            listing = sorted(entries, key=lambda entry: entry.name)
        names = {entry.name for entry in listing}
        sidecars = {
            entry.name.lower(): entry for entry in listing if entry.name.lower().endswith(".xmp")
        }
        if COLLECTION_MARKER in names:
            return None, below, sieve
        if IGNORE_FILE in names:
            sieve = sieve.below(path)
    except (OSError, SourceError) as error:
        reason = str(error) if isinstance(error, SourceError) else _reason(error)
        return FoundFolder(path, -1, unreadable=[(path, reason)], complete=False), below, sieve
    for entry in listing:
        try:
            if _is_folder(entry, sieve, linked):
                if sieve.takes_folder(entry.path):
                    below.append(entry.path)
            elif is_picture_name(entry.name) and sieve.takes_file(entry.path):
                _add_file(folder, entry, sieve.rules, sidecars)
        except FileNotFoundError as error:
            reason = "it is a link to nothing" if entry.is_symlink() else _reason(error)
            folder.unreadable.append((entry.path, reason))
        except OSError as error:
            folder.hidden.append((entry.path, _reason(error)))
    return folder, below, sieve


def _is_folder(entry: os.DirEntry[str], sieve: Sieve, linked: set[str]) -> bool:
    """Whether the walk may go into an entry; the name is not looked at."""
    if entry.is_dir(follow_symlinks=False):
        return True
    if sieve.rules.links != "all" or not (entry.is_symlink() and entry.is_dir()):
        return False
    # What lies under the root is found there, and a link may lead back to where it is.
    real = os.path.realpath(entry.path)
    if _holds(sieve.root, real) or _holds(real, sieve.root):
        return False
    if any(_holds(other, real) for other in linked):
        return False
    linked.add(real)
    return True


def _holds(folder: str, path: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))


def _add_file(
    folder: FoundFolder,
    entry: os.DirEntry[str],
    rules: Rules,
    sidecars: Mapping[str, os.DirEntry[str]],
) -> None:
    if rules.links == "none" and entry.is_symlink():
        return
    status = entry.stat()
    if stat.S_ISREG(status.st_mode):
        if status.st_size >= rules.min_bytes:
            beside = _beside(entry.name, sidecars) if rules.keywords and sidecars else ()
            folder.files.append(FoundFile(entry.name, status.st_size, status.st_mtime_ns, beside))
    elif not stat.S_ISDIR(status.st_mode):
        folder.unreadable.append((entry.path, "it is not a regular file"))


def _beside(name: str, sidecars: Mapping[str, os.DirEntry[str]]) -> tuple[Sidecar, ...]:
    """Those of a picture: a.xmp and a.jpg.xmp are beside a.jpg."""
    found = []
    for own in (f"{os.path.splitext(name)[0]}.xmp", f"{name}.xmp"):
        entry = sidecars.get(own.lower())
        with suppress(OSError):
            if entry is not None and entry.is_file():
                status = entry.stat()
                found.append(Sidecar(entry.name, status.st_size, status.st_mtime_ns))
    return tuple(found)


def _single(path: str, rules: Rules) -> FoundFolder:
    status = os.stat(path)
    parent, name = os.path.split(path)
    with os.scandir(parent) as entries:
        stem = os.path.splitext(name)[0].lower()
        sidecars = {
            entry.name.lower(): entry
            for entry in entries
            if entry.name.lower() in (f"{stem}.xmp", f"{name.lower()}.xmp")
        }
    beside = _beside(name, sidecars) if rules.keywords else ()
    found = FoundFile(name, status.st_size, status.st_mtime_ns, beside)
    return FoundFolder(parent, device_number(parent), [found], complete=False)


def _reason(error: OSError) -> str:
    return f"it cannot be read: {(error.strerror or str(error)).lower()}"
