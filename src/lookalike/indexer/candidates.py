"""Which files need work: what a folder holds against what the store knows of it."""

import os
import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

from lookalike.decode import DETAILS, READER
from lookalike.source import FoundFile, FoundFolder
from lookalike.store import FileState, SkippedFile

TRY_AGAIN = -1
"""As a skipped file's size: try it in the next run, whatever its size and time stamp say."""


_NO_KEYWORDS = 1 << 7
_SIDECARS_FROM = 8
"""Bits of `FileRecord.details`, above those of the reader's version."""


class Candidate(NamedTuple):
    """A file to read: it is new or changed, or its details were read by another version.

    `known` is the ids of what is stored under its path: several where it is a film. `details` is
    what `FileRecord.details` will be; `sidecars` are paths, and None asks for no keywords at all.
    """

    path: str
    size: int
    mtime_ns: int
    known: tuple[int, ...]
    details: int
    sidecars: tuple[str, ...] | None


class Missing(NamedTuple):
    """A file that the store knows and the walk did not find; without ids for a skipped one."""

    path: str
    ids: tuple[int, ...]


@dataclass(slots=True)
class FolderPlan:
    """What to do about one folder.

    Attributes:
        candidates: files to read.
        missing: files that are not there any more, or not looked for any more.
        unreadable: entries that are no usable files.
        hidden: pictures that cannot be looked at for now, as (path, reason); they stay.
        unchanged: pictures that need nothing.
        refused: files that were refused before and have not changed.
    """

    candidates: list[Candidate] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    unreadable: list[SkippedFile] = field(default_factory=list)
    hidden: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0
    refused: int = 0


def plan(folder: FoundFolder, states: dict[str, FileState], *, keywords: bool = True) -> FolderPlan:
    """Compare a listed folder with the store's `states` of it.

    Args:
        folder: as it was listed.
        states: what is known of it.
        keywords: whether keywords are wanted.
    """
    result = FolderPlan()
    unseen = dict(states)
    for file in folder.files:
        state = unseen.pop(file.name, None)
        same = state is not None and (state.size, state.mtime_ns) == (file.size, file.mtime_ns)
        details = _details(file, keywords=keywords)
        if same and state is not None and state.id is not None and state.details == details:
            result.unchanged += 1
        elif same and state is not None and state.reader == READER:
            result.refused += 1
        else:
            path = os.path.join(folder.path, file.name)
            known = state.ids if state else ()
            beside = tuple(os.path.join(folder.path, each.name) for each in file.sidecars)
            sidecars = beside if keywords else None
            result.candidates.append(
                Candidate(path, file.size, file.mtime_ns, known, details, sidecars)
            )
    for path, reason in folder.unreadable:
        unseen.pop(os.path.basename(path), None)
        result.unreadable.append(SkippedFile(path, TRY_AGAIN, 0, READER, reason))
    for path, reason in folder.hidden:
        state = unseen.pop(os.path.basename(path), None)
        if state is not None and state.id is not None:
            result.hidden.append((path, reason))
        else:
            result.unreadable.append(SkippedFile(path, TRY_AGAIN, 0, READER, reason))
    if folder.complete:
        result.missing = [
            Missing(os.path.join(folder.path, name), state.ids) for name, state in unseen.items()
        ]
    return result


def _details(file: FoundFile, *, keywords: bool) -> int:
    """What `FileRecord.details` is, once the file has been read with what lies beside it."""
    if not keywords:
        return DETAILS | _NO_KEYWORDS
    beside = zlib.crc32(repr(file.sidecars).encode("utf-8", "surrogateescape"))
    return DETAILS | (beside << _SIDECARS_FROM if file.sidecars else 0)
