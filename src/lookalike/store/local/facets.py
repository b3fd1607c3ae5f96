"""Counts of what there is to filter by, in the database."""

import os
import sqlite3
from collections.abc import Callable

from lookalike.store.facets import besides
from lookalike.store.local.filters import condition
from lookalike.types import Where

_TIME = (
    "CASE WHEN i.taken IS NULL THEN strftime('%Y-%m', i.mtime_ns / 1000000000, 'unixepoch',"
    " 'localtime') ELSE strftime('%Y-%m', i.taken, 'unixepoch') END"
)

_COUNTED = {
    "folders": (
        "SELECT f.path, count(*) FROM images i JOIN folders f ON f.id = i.folder_id"
        " WHERE {} GROUP BY f.id"
    ),
    "formats": "SELECT upper(i.format), count(*) FROM images i WHERE {} GROUP BY upper(i.format)",
    "labels": (
        "SELECT l.name, count(*) FROM images i JOIN image_labels il ON il.image_id = i.id"
        " JOIN labels l ON l.id = il.label_id WHERE {} GROUP BY l.id"
    ),
    "cameras": (
        "SELECT min(i.camera), count(*) FROM images i WHERE {} AND i.camera IS NOT NULL"
        " GROUP BY i.camera COLLATE NOCASE"
    ),
    "months": f"SELECT {_TIME} AS month, count(*) FROM images i WHERE {{}} GROUP BY month",
}
_READ: dict[str, Callable[[bytes], str]] = {"folders": os.fsdecode}


def count_values(connection: sqlite3.Connection, where: Where | None) -> dict[str, dict[str, int]]:
    """Number of pictures by value, for each list of `Facets`; of folders, directly in them."""
    counts: dict[str, dict[str, int]] = {}
    for name, others in besides(where).items():
        fits, values = condition(others)
        rows = connection.execute(_COUNTED[name].format(fits), values)
        read = _READ.get(name, str)
        counts[name] = {read(value): count for value, count in rows if value is not None}
    return counts
