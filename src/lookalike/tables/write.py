"""A table into a file, whose name says the format. The file is there whole, or as it was before."""

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, BinaryIO

from lookalike.errors import ExportError
from lookalike.tables.arrays import write_npz
from lookalike.tables.parquet import write_parquet
from lookalike.tables.table import Kind, Table


def write_table(file: str | os.PathLike[str], table: Table) -> int:
    """Write a table; what was in the file before is replaced.

    Args:
        file: ends in .csv, .jsonl, .parquet, or, for embeddings, .npz.
        table: what to write.

    Returns:
        The number of rows.

    Raises:
        ExportError: the name has another end, the format cannot hold the table or needs a package
            that is not installed, or the disk refused it.
    """
    name = os.fspath(file)
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in _WRITERS:
        raise ExportError(f"{name} says no format: end its name in {', '.join(SUFFIXES)}")
    if table.has_vectors and suffix not in _FOR_VECTORS:
        raise ExportError(f"{suffix} holds no embeddings: end the name in {_FOR_VECTORS_TEXT}")
    with _whole(name) as out:
        return _WRITERS[suffix](out, table)


def _write_csv(out: BinaryIO, table: Table) -> int:
    # With a mark at the beginning, by which spreadsheets know that it is UTF-8.
    text = io.TextIOWrapper(out, "utf-8-sig", errors="backslashreplace", newline="")
    lines = csv.writer(text)
    lines.writerow([column.name for column in table.columns])
    count = 0
    for rows in table.batches:
        lines.writerows([[_cell(row[name], kind) for name, kind in table.columns] for row in rows])
        count += len(rows)
    text.flush()
    text.detach()
    return count


def _cell(value: Any, kind: Kind) -> object:  # noqa: ANN401  of any column
    if value is None:
        return ""
    if kind in ("moment", "clock"):
        return iso(value)
    if kind in ("texts", "wholes"):
        value = "; ".join(map(str, value))
    if kind in ("text", "texts", "wholes"):
        # A spreadsheet runs what begins so, and a camera's name comes from a stranger's file.
        return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
    return value


def _write_jsonl(out: BinaryIO, table: Table) -> int:
    count = 0
    for rows in table.batches:
        for row in rows:
            record = {name: _json(row[name]) for name, _ in table.columns}
            out.write(json.dumps(record).encode("ascii") + b"\n")
        count += len(rows)
    return count


def _json(value: Any) -> Any:  # noqa: ANN401  of any column
    return iso(value) if isinstance(value, datetime) else value


def iso(moment: datetime) -> str:
    """A time as text; UTC ends in Z."""
    return moment.isoformat().replace("+00:00", "Z")


@contextmanager
def _whole(file: str) -> Iterator[BinaryIO]:
    """A file that takes its name once all of it is there."""
    scratch = f"{file}.{os.getpid()}.part"
    try:
        with open(scratch, "wb") as out:
            yield out
        os.replace(scratch, file)
    except OSError as error:
        raise ExportError(f"{file} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            os.unlink(scratch)


_WRITERS: dict[str, Callable[[BinaryIO, Table], int]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
    ".parquet": write_parquet,
    ".npz": write_npz,
}
SUFFIXES = tuple(_WRITERS)
"""How the names of files may end."""

_FOR_VECTORS = (".parquet", ".npz")
_FOR_VECTORS_TEXT = " or ".join(_FOR_VECTORS)
