"""The one writer of a local collection."""

import json
import os
import sqlite3

import msgspec

from lookalike.errors import StoreError
from lookalike.store.base import NO_DEVICE, Changes, FileRecord
from lookalike.store.checks import check_moved, checked_vectors
from lookalike.store.local.database import transaction
from lookalike.store.local.labels import read_keywords, relabel
from lookalike.store.local.rows import Table
from lookalike.store.local.schema import layer_table
from lookalike.store.local.state import Session, current


class LocalWriter:
    """Writes changes, each in one transaction, while it lives inside `LocalStore.write`."""

    def __init__(self, connection: sqlite3.Connection, dimension: int, table: Table) -> None:
        self._connection = connection
        self._dimension = dimension
        self._table = table
        # None comes or goes while there is a writer.
        numbers = connection.execute("SELECT number FROM layers").fetchall()
        self._layers = [layer_table(number) for (number,) in numbers]
        self._session = Session()
        if not current(connection).certain:
            with transaction(connection):
                self._session.stamp(connection)

    def apply(self, changes: Changes) -> None:
        """See `Writer.apply`."""
        vectors = checked_vectors(changes, self._dimension)
        check_moved(changes)
        with transaction(self._connection):
            for old, new in changes.relocated.items():
                self._relocate(os.fsencode(old), os.fsencode(new))
            for path, device in changes.folders.items():
                self._connection.execute(
                    "INSERT INTO folders (path, device) VALUES (?, ?)"
                    " ON CONFLICT (path) DO UPDATE SET device = excluded.device",
                    (os.fsencode(path), device),
                )
            self._connection.executemany(
                "INSERT OR REPLACE INTO roots (path, rules) VALUES (?, ?)",
                [
                    (os.fsencode(root), msgspec.json.encode(rules).decode("utf-8"))
                    for root, rules in changes.roots.items()
                ],
            )
            self._connection.executemany(
                "DELETE FROM images WHERE id = ?", [(image_id,) for image_id in changes.removed]
            )
            self._connection.executemany(
                "DELETE FROM skipped WHERE name = ?"
                " AND folder_id = (SELECT id FROM folders WHERE path = ?)",
                [
                    (os.fsencode(name), os.fsencode(folder))
                    for folder, name in map(os.path.split, changes.unskipped)
                ],
            )
            self._move(changes)
            for file, vector in zip(changes.put, vectors, strict=True):
                self._put(file, vector.astype("<f2").tobytes())
            for skipped in changes.skipped:
                key = self._key(skipped.path)
                self._connection.execute("DELETE FROM images WHERE folder_id = ? AND name = ?", key)
                self._unskip(*key)
                self._connection.execute(
                    "INSERT INTO skipped (folder_id, name, size, mtime_ns, reader, reason)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (*key, skipped.size, skipped.mtime_ns, skipped.reader, skipped.reason),
                )
            if changes.put or changes.moved or changes.skipped or changes.removed:
                self._session.stamp(self._connection)

    def _relocate(self, old: bytes, new: bytes) -> None:
        below, new_below = os.path.join(old, b""), os.path.join(new, b"")
        # By length, as a path may hold what LIKE takes for more than itself.
        self._connection.execute(
            "DELETE FROM folders WHERE path = ? OR substr(path, 1, length(?)) = ?",
            (new, new_below, new_below),
        )
        self._connection.execute("DELETE FROM roots WHERE path = ?", (new,))
        self._connection.execute(
            "UPDATE folders SET device = ?, path = CASE WHEN path = ? THEN ?"
            " ELSE CAST(? || substr(path, length(?) + 1) AS BLOB) END"
            " WHERE path = ? OR substr(path, 1, length(?)) = ?",
            (NO_DEVICE, old, new, new_below, below, old, below, below),
        )
        self._connection.execute("UPDATE roots SET path = ? WHERE path = ?", (new, old))

    def _move(self, changes: Changes) -> None:
        # First out of the way, then to their places: two files may have swapped names.
        for moved in changes.moved:
            cursor = self._connection.execute(
                "UPDATE images SET name = CAST('/' || id AS BLOB) WHERE id = ?", (moved.id,)
            )
            if cursor.rowcount != 1:
                raise StoreError(f"picture {moved.id} was moved, but is not in the collection")
        for moved in changes.moved:
            key = self._key(moved.file.path)
            before = self._keywords("id = ?", (moved.id,))
            self._connection.execute(
                "DELETE FROM images WHERE folder_id = ? AND name = ? AND frame = ?",
                (*key, _frame(moved.file)),
            )
            self._unskip(*key)
            self._connection.execute(
                "UPDATE images SET folder_id = ?, name = ?, size = ?, mtime_ns = ?, digest = ?,"
                " width = ?, height = ?, format = ?, taken = ?, camera = ?, details = ?,"
                " frame = ?, keywords = ? WHERE id = ?",
                (*key, *_columns(moved.file), moved.id),
            )
            relabel(self._connection, moved.id, before, moved.file.keywords)

    def _put(self, file: FileRecord, vector: bytes) -> None:
        key = self._key(file.path)
        self._unskip(*key)
        before = self._keywords("folder_id = ? AND name = ? AND frame = ?", (*key, _frame(file)))
        image_id = self._connection.execute(
            "INSERT INTO images (folder_id, name, size, mtime_ns, digest, width, height, format,"
            " taken, camera, details, frame, keywords)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (folder_id, name, frame) DO UPDATE SET"
            " size = excluded.size, mtime_ns = excluded.mtime_ns, digest = excluded.digest,"
            " width = excluded.width, height = excluded.height, format = excluded.format,"
            " taken = excluded.taken, camera = excluded.camera, details = excluded.details,"
            " keywords = excluded.keywords RETURNING id",
            (*key, *_columns(file)),
        ).fetchone()[0]
        relabel(self._connection, image_id, before, file.keywords)
        # Deleted and inserted, not updated: the new vector needs a new id (see schema.py). Other
        # layers lack the picture until they are filled again.
        for table in self._layers:
            self._connection.execute(f"DELETE FROM {table} WHERE image_id = ?", (image_id,))
        self._connection.execute(
            f"INSERT INTO {self._table.name} (image_id, vector) VALUES (?, ?)", (image_id, vector)
        )

    def _keywords(self, which: str, values: tuple[object, ...]) -> tuple[str, ...]:
        """Those of a picture that is stored; none where it is not."""
        row = self._connection.execute(
            f"SELECT keywords FROM images WHERE {which}",
            values,
        ).fetchone()
        return () if row is None else read_keywords(row[0])

    def _key(self, path: str) -> tuple[int, bytes]:
        folder, name = os.path.split(path)
        row = self._connection.execute(
            "INSERT INTO folders (path, device) VALUES (?, ?)"
            " ON CONFLICT (path) DO UPDATE SET path = path RETURNING id",
            (os.fsencode(folder), NO_DEVICE),
        ).fetchone()
        return int(row[0]), os.fsencode(name)

    def _unskip(self, folder_id: int, name: bytes) -> None:
        self._connection.execute(
            "DELETE FROM skipped WHERE folder_id = ? AND name = ?", (folder_id, name)
        )


def _columns(file: FileRecord) -> tuple[object, ...]:
    """The columns after folder and name, in the order of the table."""
    return (
        file.size,
        file.mtime_ns,
        file.digest,
        file.width,
        file.height,
        file.format,
        file.taken,
        file.camera,
        file.details,
        _frame(file),
        json.dumps(file.keywords),
    )


def _frame(file: FileRecord) -> int:
    """As in the table, whose keys know no NULL."""
    return -1 if file.frame is None else file.frame
