"""Does steps, and takes them back. Each is written down, on the drive, before it is done."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any, TextIO

from lookalike.errors import SourceError
from lookalike.source import media_digest, read_media
from lookalike.tidy.steps import Done, Step


def act(steps: Iterable[Step], journal: str) -> Iterator[Done]:
    """Do steps one by one, and say how each went. What went before an error stays done.

    A file that is not as it was indexed, or whose best copy is away, is left alone; nothing is
    ever overwritten.

    Args:
        steps: what to do.
        journal: a file that is not there yet, from which `undo` takes all of it back.

    Raises:
        SourceError: the journal cannot be written.
    """
    try:
        os.makedirs(os.path.dirname(journal), exist_ok=True)
        out = open(journal, "x", encoding="ascii")  # noqa: SIM115  closed below
    except OSError as error:
        raise SourceError(f"{journal} cannot be written: {error.strerror}") from error
    with out:
        for step in steps:
            try:
                _check(step)
                _write_down(out, step)
                _move(step) if step.action == "move" else _link(step)
            except (OSError, SourceError) as error:
                yield Done(step, _reason(error))
            else:
                yield Done(step)


def undo(journal: str) -> Iterator[Done]:
    """Take back what a journal says, the last step first, and say how each went.

    Raises:
        SourceError: the journal cannot be read.
    """
    try:
        with open(journal, encoding="ascii") as lines:
            records = [json.loads(line) for line in lines]
    except (OSError, ValueError) as error:
        raise SourceError(f"{journal} is no journal of duplicates that were tidied") from error
    for record in reversed(records):
        mtime_ns = record.pop("mtime_ns")
        step = Step(**record)
        try:
            if step.action == "move":
                _move_back(step)
            else:
                _part(step, mtime_ns)
        except (OSError, SourceError) as error:
            yield Done(step, _reason(error))
        else:
            yield Done(step)


def _check(step: Step) -> None:
    """Refuse what would lose something."""
    if _digest(step.path) != step.digest:
        raise SourceError("it was changed since it was indexed: index it again first")
    if not os.path.isfile(step.best):
        raise SourceError(f"its best copy, {step.best}, is away")
    if os.path.samefile(step.path, step.best):
        raise SourceError("it is the same file as its best copy already")
    if step.action == "move" and os.path.lexists(step.target):
        raise SourceError(f"there is a file {step.target} already")
    if step.action == "link" and _digest(step.best) != step.digest:
        raise SourceError("its content is not that of its best copy any more")


def _write_down(out: TextIO, step: Step) -> None:
    record: dict[str, Any] = asdict(step)
    record["mtime_ns"] = os.stat(step.path).st_mtime_ns
    out.write(json.dumps(record) + "\n")
    out.flush()
    os.fsync(out.fileno())


def _move(step: Step) -> None:
    os.makedirs(os.path.dirname(step.target), exist_ok=True)
    _relocate(step.path, step.target)


def _move_back(step: Step) -> None:
    if not os.path.lexists(step.target):
        raise SourceError("it was not moved, or is not there any more")
    if os.path.lexists(step.path):
        raise SourceError(f"there is a file {step.path} already")
    os.makedirs(os.path.dirname(step.path), exist_ok=True)
    _relocate(step.target, step.path)
    with suppress(OSError):  # folders that hold nothing more
        os.removedirs(os.path.dirname(step.target))


def _relocate(path: str, target: str) -> None:
    try:
        os.rename(path, target)
    except OSError:  # another drive
        scratch = f"{target}.{os.getpid()}.part"
        try:
            shutil.copy2(path, scratch)
            if _digest(scratch) != _digest(path):
                raise SourceError("its copy on the other drive is not as it is") from None
            os.replace(scratch, target)
        finally:
            with suppress(OSError):
                os.unlink(scratch)
        os.unlink(path)


def _link(step: Step) -> None:
    scratch = f"{step.path}.{os.getpid()}.part"
    try:
        os.link(step.target, scratch)
        os.replace(scratch, step.path)
    finally:
        # Where both names are of one file already, the system leaves the scratch name.
        with suppress(OSError):
            os.unlink(scratch)


def _part(step: Step, mtime_ns: int) -> None:
    """Make two files of one again."""
    if not os.path.samefile(step.path, step.target):
        raise SourceError("it is a file of its own already")
    if _digest(step.path) != step.digest:
        raise SourceError("it was changed since")
    scratch = f"{step.path}.{os.getpid()}.part"
    try:
        shutil.copy2(step.path, scratch)
        os.utime(scratch, ns=(mtime_ns, mtime_ns))
        os.replace(scratch, step.path)
    finally:
        with suppress(OSError):
            os.unlink(scratch)


def _digest(path: str) -> str:
    return media_digest(read_media(path)).hex()


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return str(error)
