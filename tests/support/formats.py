"""Collections in the first format, and in one that is yet to come."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from lookalike.store import LocalStore
from lookalike.store.local import schema

_ONE_MORE = """
ALTER TABLE images ADD COLUMN of_a_later_format INTEGER;
UPDATE images SET of_a_later_format = id;
UPDATE vectors SET vector = vector;
"""


@contextmanager
def one_more_migration(on: bool = True) -> Iterator[None]:
    """As in a later version, whose newest migration writes every picture anew."""
    known = schema.MIGRATIONS
    if on:
        schema.MIGRATIONS = (*known, _ONE_MORE)
        schema.FORMAT_VERSION = len(schema.MIGRATIONS)
    try:
        yield
    finally:
        schema.MIGRATIONS = known
        schema.FORMAT_VERSION = len(known)


def write_format_1(folder: Path) -> None:
    """Replace the collection in `folder` by one of format 1 with the same pictures and ids."""
    store = LocalStore(str(folder))
    pictures = [pair for files, rows in store.scan() for pair in zip(files, rows, strict=True)]
    skipped, roots = store.skipped(), store.roots()
    folders = {path: device for root in roots for path, device in store.folders(root).items()}
    meta = {
        "encoder": asdict(store.encoder),
        "encoder_source": store.encoder_source,
        "token": os.urandom(16).hex(),
    }
    store.close()
    for file in folder.iterdir():
        if file.name.startswith("collection.sqlite"):
            file.unlink()
    connection = sqlite3.connect(folder / "collection.sqlite")
    connection.execute(f"PRAGMA page_size = {schema.PAGE_SIZE}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(str(schema.MIGRATIONS[0]))
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    insert = connection.execute
    for key, value in meta.items():
        insert("INSERT INTO meta VALUES (?, ?)", (key, json.dumps(value)))
    for root in roots:
        insert("INSERT INTO roots VALUES (?)", (os.fsencode(root),))
    for path, device in folders.items():
        insert("INSERT INTO folders (path, device) VALUES (?, ?)", (os.fsencode(path), device))
    ids = dict(connection.execute("SELECT path, id FROM folders"))

    def place(path: str) -> tuple[int, bytes]:
        return ids[os.fsencode(os.path.dirname(path))], os.fsencode(os.path.basename(path))

    for stored, vector in pictures:
        of = stored.file
        about = (of.size, of.mtime_ns, of.digest, of.width, of.height, of.format)
        row = (stored.id, *place(of.path), *about)
        insert("INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        blob = vector.astype("<f2").tobytes()
        insert("INSERT INTO vectors (image_id, vector) VALUES (?, ?)", (stored.id, blob))
    for skip in skipped:
        insert(
            "INSERT INTO skipped VALUES (?, ?, ?, ?, ?, ?)",
            (*place(skip.path), skip.size, skip.mtime_ns, skip.reader, skip.reason),
        )
    connection.commit()
    connection.close()
