"""Walk a folder tree, one folder at a time, so that memory is bounded by the largest folder."""

import fnmatch
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

PICTURE_EXTENSIONS = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".gif",
        ".webp",
        ".bmp",
        ".dib",
        ".tif",
        ".tiff",
        ".avif",
        ".avifs",
        ".mpo",
        ".ppm",
        ".pgm",
        ".pbm",
        ".jp2",
        ".j2k",
        ".jpx",
        ".heic",
        ".heif",
        ".hif",
        ".jxl",
    ]
)
"""Names that promise a picture. A format that this install cannot read is reported, not ignored."""

COLLECTION_MARKER = "collection.sqlite"
"""A folder that holds this file is a collection: its thumbnails are not somebody's pictures."""

_SYSTEM_FOLDERS = frozenset(
    ["@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "__MACOSX", "lost+found"]
)


class FoundFile(NamedTuple):
    """A file that promises a picture: its name in its folder, bytes, nanoseconds."""

    name: str
    size: int
    mtime_ns: int


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


def is_picture_name(name: str) -> bool:
    """Whether a file's name promises a picture."""
    return os.path.splitext(name)[1].lower() in PICTURE_EXTENSIONS


def device_number(path: str) -> int:
    """`st_dev` of a path, within 63 bits: Windows has larger ones, SQLite has not.

    Raises:
        OSError: nothing can be seen at `path`.
    """
    return os.stat(path).st_dev & (2**63 - 1)


def walk(root: str, exclude: Sequence[str] = ()) -> Iterator[FoundFolder]:
    """List `root` and the folders under it, depth first, in the order of their names.

    Hidden names, system folders and collections are passed over; links to files are followed,
    links to folders are not. Where `root` is a file, it alone is found.

    Args:
        root: absolute path of a folder or file.
        exclude: glob patterns that match a name, or a path relative to `root`.
    """
    try:
        is_folder = stat.S_ISDIR(os.stat(root).st_mode)
    except OSError as error:
        yield FoundFolder(root, -1, unreadable=[(root, _reason(error))], complete=False)
        return
    if not is_folder:
        yield _single(root)
        return
    pending = [root]
    while pending:
        path = pending.pop()
        folder, below = _list(path, root, exclude)
        pending.extend(sorted(below, reverse=True))
        if folder:
            yield folder


def _list(path: str, root: str, exclude: Sequence[str]) -> tuple[FoundFolder | None, list[str]]:
    below: list[str] = []
    try:
        folder = FoundFolder(path, device_number(path))
        with os.scandir(path) as entries:
            listing = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        return FoundFolder(path, -1, unreadable=[(path, _reason(error))], complete=False), below
    if any(entry.name == COLLECTION_MARKER for entry in listing):
        return None, below
    for entry in listing:
        if entry.name.startswith(".") or _excluded(entry.path, root, exclude):
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _SYSTEM_FOLDERS:
                    below.append(entry.path)
            elif is_picture_name(entry.name):
                status = entry.stat()
                if stat.S_ISREG(status.st_mode):
                    folder.files.append(FoundFile(entry.name, status.st_size, status.st_mtime_ns))
                elif not stat.S_ISDIR(status.st_mode):
                    folder.unreadable.append((entry.path, "it is not a regular file"))
        except FileNotFoundError as error:
            reason = "it is a link to nothing" if entry.is_symlink() else _reason(error)
            folder.unreadable.append((entry.path, reason))
        except OSError as error:
            folder.hidden.append((entry.path, _reason(error)))
    return folder, below


def _single(path: str) -> FoundFolder:
    status = os.stat(path)
    parent = os.path.dirname(path)
    found = FoundFile(os.path.basename(path), status.st_size, status.st_mtime_ns)
    return FoundFolder(parent, device_number(parent), [found], complete=False)


def _excluded(path: str, root: str, exclude: Sequence[str]) -> bool:
    if not exclude:
        return False
    relative = os.path.relpath(path, root).replace(os.sep, "/")
    name = os.path.basename(path)
    return any(
        fnmatch.fnmatchcase(name, pattern.rstrip("/"))
        or fnmatch.fnmatchcase(relative, pattern.rstrip("/"))
        for pattern in exclude
    )


def _reason(error: OSError) -> str:
    return f"it cannot be read: {(error.strerror or str(error)).lower()}"
