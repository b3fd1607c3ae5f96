"""`Where` as SQL: filters act inside the database, and reach the search as a set of vectors."""

import json
import os
import sqlite3

import numpy as np

from lookalike.store.local.rows import Table
from lookalike.store.where import label_key, start_of
from lookalike.types import Ids, Where

# A picture's time: when it was taken, else when the file was changed; one value for each.
_SINCE = "CASE WHEN i.taken IS NULL THEN i.mtime_ns >= ? ELSE i.taken >= ? END"

_IN_FOLDER = (
    "i.folder_id IN (SELECT id FROM folders WHERE path = ? OR substr(path, 1, length(?)) = ?)"
)
_LABELLED = (
    "i.id IN (SELECT il.image_id FROM image_labels il JOIN labels l ON l.id = il.label_id"
    " WHERE l.key IN (SELECT value FROM json_each(?)))"
)
_ONE_OF = "IN (SELECT value FROM json_each(?))"


def condition(where: Where | None) -> tuple[str, list[object]]:
    """An SQL condition on `images i`, with its values; it is `matches` in other words."""
    if where is None:
        return "1", []
    parts: list[str] = []
    values: list[object] = []

    def need(sql: str, *given: object) -> None:
        parts.append(sql)
        values.extend(given)

    if where.folder is not None:
        below = os.fsencode(os.path.join(where.folder, ""))
        need(_IN_FOLDER, os.fsencode(where.folder), below, below)
    if where.format:
        need(f"upper(i.format) {_ONE_OF}", json.dumps(where.format))
    if where.label:
        need(_LABELLED, json.dumps([label_key(label) for label in where.label]))
    if where.after is not None:
        start = start_of(where.after)
        need(_SINCE, start.mtime_ns, start.taken)
    if where.before is not None:
        start = start_of(where.before)
        need(f"NOT ({_SINCE})", start.mtime_ns, start.taken)
    for column, sign, bound in (
        ("width", ">=", where.min_width),
        ("height", ">=", where.min_height),
        ("size", ">=", where.min_bytes),
        ("size", "<=", where.max_bytes),
    ):
        if bound is not None:
            need(f"i.{column} {sign} ?", bound)
    if where.camera is not None:
        need("i.camera = ? COLLATE NOCASE", where.camera)
    return " AND ".join(parts) or "1", values


def fitting_vectors(
    connection: sqlite3.Connection, table: Table, where: Where | None, ids: Ids | None
) -> Ids | None:
    """The ids of a layer's vectors whose pictures fit and are among `ids`; None where all are."""
    fits, values = condition(where)
    if fits == "1" and ids is None:
        return None
    if ids is not None:
        fits += f" AND i.id {_ONE_OF}"
        values.append(json.dumps(ids.tolist()))
    rows = connection.execute(
        f"SELECT v.id FROM images i JOIN {table.name} v ON v.image_id = i.id WHERE {fits}", values
    ).fetchall()
    return np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
