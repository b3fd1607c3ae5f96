"""Save what can be read of a damaged collection into a new one."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from lookalike.errors import StoreError
from lookalike.store.local.examine import is_embedding
from lookalike.store.local.schema import make_layer_table, migrate, vector_tables

Row = tuple[Any, ...]


@dataclass(slots=True)
class Salvaged:
    """What was saved.

    Attributes:
        images: pictures with their embeddings.
        lost: rows that could not be read or had lost what they belong to, by table, where any.
    """

    images: int = 0
    lost: dict[str, int] = field(default_factory=dict)


def salvage(damaged: sqlite3.Connection, version: int, new: sqlite3.Connection) -> Salvaged:
    """Copy every row that can be read into an empty database, and bring it to today's format.

    Args:
        damaged: the file, open for reading.
        version: its format version.
        new: an empty database, open for writing.

    Raises:
        StoreError: the encoder's identity is lost, without which embeddings mean nothing.
    """
    damaged.text_factory = _text
    migrate(new, version)
    result = Salvaged()
    _make_layer_tables(damaged, new)
    tables = [row[0] for row in new.execute(_TABLES)]
    new.execute("PRAGMA foreign_keys = OFF")
    new.execute("BEGIN")
    for table in tables:
        lost = _copy(damaged, new, table)
        if lost:
            result.lost[table] = lost
    try:
        embeddings = vector_tables(new)
    except (TypeError, ValueError, KeyError):
        embeddings = {}
    if not embeddings:
        raise StoreError(
            "the record of the collection's encoder is lost, so its embeddings mean nothing any "
            "more: index the pictures into a new collection"
        )
    _drop_broken(new, tables, embeddings, result)
    new.execute("COMMIT")
    new.execute("PRAGMA foreign_keys = ON")
    migrate(new)
    result.images = int(new.execute("SELECT count(*) FROM images").fetchone()[0])
    return result


_TABLES = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
)


def _make_layer_tables(damaged: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Make room for the layers beyond the first; none where the list of them cannot be read."""
    try:
        layers = damaged.execute("SELECT number, regions FROM layers WHERE number > 1").fetchall()
    except sqlite3.Error:
        return
    for number, regions in layers:
        make_layer_table(new, number, regions=bool(regions))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _copy(damaged: sqlite3.Connection, new: sqlite3.Connection, table: str) -> int:
    """Copy a table; returns how many rows are known to be lost."""
    columns = [row[1] for row in new.execute(f"PRAGMA table_info({table})")]
    insert = f"INSERT OR IGNORE INTO {table} VALUES ({','.join('?' * len(columns))})"
    lost = _Lost()
    for row in _rows(damaged, table, columns, lost):
        try:
            new.execute(insert, row)
        except sqlite3.Error:  # a value that the schema refuses
            lost.rows += 1
    return lost.rows


@dataclass(slots=True)
class _Lost:
    rows: int = 0


def _rows(
    damaged: sqlite3.Connection, table: str, columns: list[str], lost: _Lost
) -> Iterator[Row]:
    names = ",".join(columns)
    try:
        damaged.execute(f"SELECT rowid FROM {table} LIMIT 1").fetchone()
    except sqlite3.OperationalError:  # it has its key in the row's place
        yield from _from_both_ends(damaged, f"SELECT {names} FROM {table}", columns, lost)
        return
    except sqlite3.DatabaseError:
        pass
    yield from _by_number(damaged, table, names, lost)


def _from_both_ends(
    damaged: sqlite3.Connection, query: str, columns: list[str], lost: _Lost
) -> Iterator[Row]:
    for order in ("ASC", "DESC"):
        try:
            yield from damaged.execute(f"{query} ORDER BY {columns[0]} {order}")
        except sqlite3.Error:
            lost.rows += order == "ASC"  # at least one: how many there were cannot be told
        else:
            return


def _by_number(damaged: sqlite3.Connection, table: str, names: str, lost: _Lost) -> Iterator[Row]:
    """Rows by ranges of their numbers; a range that cannot be read is halved."""
    ranges = [(0, _highest(damaged, table))]
    while ranges:
        low, high = ranges.pop()
        query = f"SELECT {names} FROM {table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid"
        try:
            rows = damaged.execute(query, (low, high)).fetchall()
        except sqlite3.Error:
            if low == high:
                lost.rows += 1
                continue
            middle = (low + high) // 2
            ranges += [(middle + 1, high), (low, middle)]
            continue
        yield from rows


def _highest(damaged: sqlite3.Connection, table: str) -> int:
    for query, values in (
        (f"SELECT max(rowid) FROM {table}", ()),
        ("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)),
    ):
        try:
            with closing(damaged.execute(query, values)) as cursor:
                row = cursor.fetchone()
        except sqlite3.Error:
            continue
        if row and row[0] is not None:
            return int(row[0])
    return 2**20


def _drop_broken(
    new: sqlite3.Connection, tables: list[str], embeddings: dict[str, int], result: Salvaged
) -> None:
    """Let go of rows that have lost what they belong to, until none has."""

    def drop(table: str, where: str, values: Row = ()) -> int:
        count = new.execute(f"DELETE FROM {table} WHERE {where}", values).rowcount
        if count:
            result.lost[table] = result.lost.get(table, 0) + count
        return count

    for table, dimension in embeddings.items():
        for row_id, blob in new.execute(f"SELECT id, vector FROM {table}").fetchall():
            if not is_embedding(blob, dimension):
                drop(table, "id = ?", (row_id,))
    embedded = " UNION ".join(f"SELECT image_id FROM {table}" for table in embeddings)
    dropped = 1
    while dropped:
        dropped = drop("images", f"id NOT IN ({embedded})")
        for table in tables:
            for row in new.execute(f"PRAGMA foreign_key_list({table})").fetchall():
                parent, column, key = row[2], row[3], row[4] or "id"
                dropped += drop(table, f"{column} NOT IN (SELECT {key} FROM {parent})")
