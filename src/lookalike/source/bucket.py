"""Walk object storage as `walk` walks folders: one prefix at a time."""

import posixpath
from collections.abc import Iterator

from lookalike.errors import SourceError
from lookalike.source.names import is_picture_name
from lookalike.source.objects import Entry, list_objects
from lookalike.source.sieve import IGNORE_FILE, Sieve
from lookalike.source.walk import COLLECTION_MARKER, FoundFile, FoundFolder, Sidecar

DEVICE = 0
"""In place of a device's number: an address is always the same place."""


def walk_bucket(start: str, sieve: Sieve) -> Iterator[FoundFolder]:
    """List what lies under an address; see `walk`."""
    try:
        listing = list_objects(start)
        for above in _above(start, sieve.root):
            if any(entry.name == IGNORE_FILE for entry in list_objects(above)):
                sieve = sieve.below(above)
    except SourceError as error:
        yield _unreadable(start, str(error))
        return
    if not listing:
        yield _unreadable(start, "there is nothing at that address")
        return
    if listing[0].name == "" and not listing[0].is_folder:
        yield _single(start, listing[0], sieve)
        return
    pending = [(start, sieve)]
    while pending:
        path, sieve = pending.pop()
        folder, below, sieve = _list(path, sieve)
        pending.extend((each, sieve) for each in reversed(below))
        if folder:
            yield folder


def _unreadable(address: str, reason: str) -> FoundFolder:
    return FoundFolder(address, -1, unreadable=[(address, reason)], complete=False)


def _above(start: str, root: str) -> list[str]:
    """The addresses from the root down to above `start`."""
    found: list[str] = []
    while start != root:
        start = posixpath.dirname(start)
        found.insert(0, start)
    return found


def _list(path: str, sieve: Sieve) -> tuple[FoundFolder | None, list[str], Sieve]:
    below: list[str] = []
    try:
        listing = list_objects(path)
        names = {entry.name for entry in listing if not entry.is_folder}
        if COLLECTION_MARKER in names:
            return None, below, sieve
        if IGNORE_FILE in names:
            sieve = sieve.below(path)
    except SourceError as error:
        return _unreadable(path, f"it cannot be listed: {error}"), below, sieve
    folder = FoundFolder(path, DEVICE)
    for entry in listing:
        address = f"{path}/{entry.name}"
        if "/" in entry.name or entry.name in ("", ".", ".."):
            folder.unreadable.append((address, "names with an empty part or dots are not read"))
        elif entry.is_folder:
            if sieve.takes_folder(address):
                below.append(address)
        elif (
            is_picture_name(entry.name)
            and sieve.takes_file(address)
            and entry.size >= sieve.rules.min_bytes
        ):
            folder.files.append(_found(entry.name, entry, listing, sieve))
    return folder, below, sieve


def _single(address: str, entry: Entry, sieve: Sieve) -> FoundFolder:
    folder, name = posixpath.split(address)
    return FoundFolder(folder, DEVICE, [_found(name, entry, [], sieve)], complete=False)


def _found(name: str, entry: Entry, listing: list[Entry], sieve: Sieve) -> FoundFile:
    own = {f"{posixpath.splitext(name)[0]}.xmp".lower(), f"{name}.xmp".lower()}
    beside = [
        Sidecar(other.name, other.size, other.mtime_ns)
        for other in listing
        if sieve.rules.keywords and other.name.lower() in own and not other.is_folder
    ]
    return FoundFile(name, entry.size, entry.mtime_ns, tuple(beside))
