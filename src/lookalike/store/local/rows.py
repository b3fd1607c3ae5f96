"""Vectors out of the database, as arrays."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.store.local.schema import layer_table
from lookalike.types import Ids

_BATCH = 8192
_CHUNK = 500  # values in one SQL statement, below every SQLite's limit


@dataclass(frozen=True, slots=True)
class Table:
    """The table of a layer.

    Attributes:
        name: in the database.
        found: the column whose values a search gives: the picture's id, or where there are several
            vectors a picture, the vector's own.
    """

    name: str = "vectors"
    found: str = "image_id"

    @classmethod
    def of(cls, number: int, *, regions: bool) -> "Table":
        """The table of a layer with this number."""
        return cls(layer_table(number), "id" if regions else "image_id")


class Rows(NamedTuple):
    """Rows of a layer's table.

    Attributes:
        ids: of the vectors.
        images: what a search gives for them, see `Table.found`.
        vectors: (n, dimension) float16.
    """

    ids: Ids
    images: Ids
    vectors: NDArray[np.float16]


def by_ids(connection: sqlite3.Connection, table: Table, ids: Ids, dimension: int) -> Rows:
    """The vectors with these ids, those that are there, in no order."""
    rows: list[tuple[int, int, bytes]] = []
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK].tolist()
        marks = ",".join("?" * len(part))
        rows += connection.execute(
            f"SELECT id, {table.found}, vector FROM {table.name} WHERE id IN ({marks})",
            part,
        )
    return _columns(rows, dimension)


def above(
    connection: sqlite3.Connection,
    table: Table,
    last: int,
    dimension: int,
    highest: int = 2**63 - 1,
) -> Iterator[Rows]:
    """The vectors with ids above `last` and up to `highest`, by rising id, in batches.

    Each batch is a query of its own, so that outside a transaction nothing is held up.
    """
    while True:
        rows = connection.execute(
            f"SELECT id, {table.found}, vector FROM {table.name} WHERE id > ? AND id <= ?"
            " ORDER BY id LIMIT ?",
            (last, highest, _BATCH),
        ).fetchall()
        if not rows:
            return
        yield _columns(rows, dimension)
        last = rows[-1][0]


def all_ids(connection: sqlite3.Connection, table: Table, highest: int = 2**63 - 1) -> Ids:
    """The ids of all vectors up to `highest`, rising."""
    rows = connection.execute(f"SELECT id FROM {table.name} WHERE id <= ? ORDER BY id", (highest,))
    return np.fromiter((row[0] for row in rows), dtype=np.int64)


def count_and_highest(connection: sqlite3.Connection, table: Table) -> tuple[int, int]:
    """How many vectors there are, and the highest of their ids."""
    count, highest = connection.execute(
        f"SELECT count(*), coalesce(max(id), 0) FROM {table.name}"
    ).fetchone()
    return count, highest


def _columns(rows: Sequence[tuple[int, int, bytes]], dimension: int) -> Rows:
    vectors = np.frombuffer(b"".join([row[2] for row in rows]), dtype="<f2")
    return Rows(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.int64),
        vectors.reshape(len(rows), dimension),
    )
