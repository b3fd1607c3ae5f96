"""The SQLite schema, as numbered migrations.

Migration n takes a file from format n - 1 to n; a new collection runs them all. What is released
is never edited: a change is a new migration, with a golden file of the format before it.
"""

import json
import sqlite3

from lookalike.errors import FormatVersionError, StoreError

APPLICATION_ID = 0x4C4B414C  # "LKAL", so that `file` and other programs can tell what it is

SQLITE_VERSION = sqlite3.sqlite_version

PAGE_SIZE = 16384
"""Bytes. A vector of 512 float16 takes 1 KiB: 15 fit a page of 16 KiB, 3 fit one of 4 KiB."""

_V1 = """
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Paths are bytes, as the system gives them: every name on disk can be kept.
CREATE TABLE roots (
    path BLOB PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE folders (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    device INTEGER NOT NULL
);

CREATE TABLE images (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER NOT NULL REFERENCES folders (id),
    name BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    digest BLOB NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    format TEXT NOT NULL,
    UNIQUE (folder_id, name)
);
CREATE INDEX images_by_digest ON images (digest);

-- An id is never given twice, and a changed picture gets a new one: a search index that knows the
-- highest id and the count knows exactly what it lacks.
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id INTEGER NOT NULL UNIQUE REFERENCES images (id) ON DELETE CASCADE,
    vector BLOB NOT NULL
);

CREATE TABLE skipped (
    folder_id INTEGER NOT NULL REFERENCES folders (id),
    name BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    reader TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (folder_id, name)
) WITHOUT ROWID;
"""

# What the pictures' files say of themselves, and what people say of them.
_V2 = """
ALTER TABLE images ADD COLUMN taken INTEGER;
ALTER TABLE images ADD COLUMN camera TEXT;
-- 0: nobody has looked for the two above yet. The next run of the indexer does.
ALTER TABLE images ADD COLUMN details INTEGER NOT NULL DEFAULT 0;

-- One row a label, `key` being what tells labels apart and `name` how it was first written.
CREATE TABLE labels (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
);

CREATE TABLE image_labels (
    image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    label_id INTEGER NOT NULL REFERENCES labels (id),
    PRIMARY KEY (image_id, label_id)
) WITHOUT ROWID;
CREATE INDEX image_labels_by_label ON image_labels (label_id);
"""

# Rules of roots, and pictures that are frames of a film.
_V3 = """
ALTER TABLE roots ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';

CREATE TABLE images_3 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER NOT NULL REFERENCES folders (id),
    name BLOB NOT NULL,
    -- Milliseconds from the beginning of a film; -1 where the file is one picture.
    frame INTEGER NOT NULL DEFAULT -1,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    digest BLOB NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    format TEXT NOT NULL,
    taken INTEGER,
    camera TEXT,
    details INTEGER NOT NULL DEFAULT 0,
    UNIQUE (folder_id, name, frame)
);
INSERT INTO images_3
    SELECT id, folder_id, name, -1, size, mtime_ns, digest, width, height, format, taken, camera,
        details
    FROM images;
-- An id that was given is not given again.
DELETE FROM sqlite_sequence WHERE name = 'images_3';
INSERT INTO sqlite_sequence (name, seq)
    SELECT 'images_3', seq FROM sqlite_sequence WHERE name = 'images';
DROP TABLE images;
ALTER TABLE images_3 RENAME TO images;
CREATE INDEX images_by_digest ON images (digest);
"""

# What keywords a file had when it was read last, as JSON: what is new among them becomes a label.
# And several sets of embeddings of the same pictures: see lookalike/store/layers.py. The first
# layer is the table `vectors`; each other has a table of its own, made by a statement below.
_V4 = """
ALTER TABLE images ADD COLUMN keywords TEXT NOT NULL DEFAULT '[]';

CREATE TABLE layers (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    encoder TEXT NOT NULL,
    source TEXT NOT NULL,
    regions INTEGER NOT NULL,
    answers INTEGER NOT NULL
);
INSERT INTO layers (encoder, source, regions, answers)
    SELECT e.value, s.value, 0, 1 FROM meta e, meta s
    WHERE e.key = 'encoder' AND s.key = 'encoder_source';
DELETE FROM meta WHERE key IN ('encoder', 'encoder_source');
"""

_OF_PICTURES = """
CREATE TABLE layer_{number} (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id INTEGER NOT NULL UNIQUE REFERENCES images (id) ON DELETE CASCADE,
    vector BLOB NOT NULL
);
"""

# Left, top, width and height as shares of the upright picture.
_OF_REGIONS = """
CREATE TABLE layer_{number} (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    vector BLOB NOT NULL,
    x REAL NOT NULL,
    y REAL NOT NULL,
    width REAL NOT NULL,
    height REAL NOT NULL
);
CREATE INDEX layer_{number}_by_image ON layer_{number} (image_id);
"""

MIGRATIONS: tuple[str, ...] = (_V1, _V2, _V3, _V4)

FORMAT_VERSION = len(MIGRATIONS)
_LAYERED = 4
"""The format from which on there may be several tables of embeddings."""


def format_version(connection: sqlite3.Connection) -> int:
    """The format version of an open file; 0 for an empty one.

    Raises:
        StoreError: the file is a database of some other program, or none at all.
    """
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise StoreError(f"the collection's file cannot be read: {error}") from error
    if tables and application != APPLICATION_ID:
        raise StoreError("the collection's file belongs to another program; choose another folder")
    return version


def migrate(connection: sqlite3.Connection, to: int | None = None) -> None:
    """Bring an open file to the current format, or to format `to`, one transaction a step.

    Raises:
        FormatVersionError: the file is newer than this program.
        StoreError: the file is not a collection.
    """
    version = format_version(connection)
    check_not_newer(version)
    # A step may make a table anew; what refers to its rows is not to go with the old one.
    guarded = connection.execute("PRAGMA foreign_keys").fetchone()[0]
    connection.execute("PRAGMA foreign_keys = OFF")
    for number in range(version + 1, (FORMAT_VERSION if to is None else to) + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in _statements(MIGRATIONS[number - 1]):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    connection.execute(f"PRAGMA foreign_keys = {guarded}")


def layer_table(number: int) -> str:
    """The name of the table that holds a layer."""
    return "vectors" if number == 1 else f"layer_{number}"


def vector_tables(connection: sqlite3.Connection) -> dict[str, int]:
    """The tables of embeddings, with their dimension, of a file of any format."""
    if format_version(connection) < _LAYERED:
        rows = connection.execute("SELECT 1, value FROM meta WHERE key = 'encoder'")
    else:
        rows = connection.execute("SELECT number, encoder FROM layers ORDER BY number")
    return {layer_table(number): int(json.loads(text)["dimension"]) for number, text in rows}


def make_layer_table(connection: sqlite3.Connection, number: int, *, regions: bool) -> None:
    """Make the table of a layer, inside the caller's transaction."""
    script = _OF_REGIONS if regions else _OF_PICTURES
    for statement in _statements(script.format(number=number)):
        connection.execute(statement)


def is_older(version: int) -> bool:
    """Whether a file of this format version has to be migrated."""
    return version < FORMAT_VERSION


def check_not_newer(version: int) -> None:
    """Refuse what a later Lookalike has written.

    Raises:
        FormatVersionError: the format is newer than this program.
    """
    if version > FORMAT_VERSION:
        raise FormatVersionError(
            f"the collection has format {version}, and this Lookalike knows formats up to "
            f"{FORMAT_VERSION}; update Lookalike"
        )


def _statements(script: str) -> list[str]:
    statements = []
    pending = ""
    for line in script.splitlines():
        pending += line + "\n"
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements
