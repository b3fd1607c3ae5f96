"""The labels of a local collection's pictures."""

import json
import sqlite3
from collections.abc import Mapping, Sequence

from lookalike.store.checks import check_known
from lookalike.store.local.database import transaction
from lookalike.store.where import label_key


def set_labels(connection: sqlite3.Connection, labels: Mapping[int, Sequence[str]]) -> None:
    """See `Store.set_labels`."""
    with transaction(connection):
        wanted = json.dumps(list(labels))
        known = connection.execute(
            "SELECT count(*) FROM images WHERE id IN (SELECT value FROM json_each(?))", (wanted,)
        ).fetchone()[0]
        check_known(list(labels), known)
        connection.execute(
            "DELETE FROM image_labels WHERE image_id IN (SELECT value FROM json_each(?))", (wanted,)
        )
        # A spelling that nobody uses any more must not decide over the next one.
        connection.execute("DELETE FROM labels WHERE id NOT IN (SELECT label_id FROM image_labels)")
        for image_id, names in labels.items():
            for name in names:
                add_label(connection, image_id, name)


def add_label(connection: sqlite3.Connection, image_id: int, name: str) -> None:
    """Give one picture one more label; the caller holds a transaction."""
    connection.execute(
        "INSERT OR IGNORE INTO labels (key, name) VALUES (?, ?)", (label_key(name), name)
    )
    connection.execute(
        "INSERT OR IGNORE INTO image_labels (image_id, label_id)"
        " SELECT ?, id FROM labels WHERE key = ?",
        (image_id, label_key(name)),
    )


def relabel(
    connection: sqlite3.Connection,
    image_id: int,
    before: Sequence[str],
    keywords: Sequence[str],
) -> None:
    """A file has other keywords than before: see `FileRecord.keywords`. In a transaction."""
    old, new = set(map(label_key, before)), set(map(label_key, keywords))
    connection.executemany(
        "DELETE FROM image_labels WHERE image_id = ?"
        " AND label_id = (SELECT id FROM labels WHERE key = ?)",
        [(image_id, key) for key in old - new],
    )
    for name in keywords:
        if label_key(name) not in old:
            add_label(connection, image_id, name)


def read_keywords(text: str) -> tuple[str, ...]:
    """Keywords as they are in the table."""
    return tuple(json.loads(text)) if text != "[]" else ()


def labels_of(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, list[str]]:
    """See `Store.labels`."""
    rows = connection.execute(
        "SELECT il.image_id, l.name FROM image_labels il JOIN labels l ON l.id = il.label_id"
        " WHERE il.image_id IN (SELECT value FROM json_each(?))",
        (json.dumps([int(i) for i in ids]),),
    )
    found: dict[int, list[str]] = {}
    for image_id, name in rows:
        found.setdefault(image_id, []).append(name)
    return {image_id: sorted(names) for image_id, names in found.items()}
