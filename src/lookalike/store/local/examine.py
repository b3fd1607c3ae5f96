"""What is wrong with a collection's file, if anything."""

import os
import sqlite3
from dataclasses import dataclass, field

import numpy as np

from lookalike.errors import FormatVersionError, StoreError
from lookalike.store.local.database import Database, readable
from lookalike.store.local.schema import format_version, vector_tables

_LISTED = 20


@dataclass(slots=True)
class Examination:
    """What was found.

    Attributes:
        collection: the folder.
        format: the format version of its file; 0 where it cannot be told.
        images: pictures that can be counted.
        problems: sentences, at most a few dozen; none means that all is well.
    """

    collection: str
    format: int = 0
    images: int = 0
    problems: list[str] = field(default_factory=list)


def examine(folder: str, database_file: str) -> Examination:
    """Read everything in a collection's file, and compare its parts with each other.

    Nothing is changed, and an older format is left as it is.

    Raises:
        FormatVersionError: the collection is of a later version.
    """
    found = Examination(folder)
    database = Database(os.path.join(folder, database_file))
    try:
        with database.snapshot() as connection:
            found.format = format_version(connection)
            for check in (_pages, _references, _meta, _vectors):
                try:
                    found.problems += check(connection)
                except (sqlite3.Error, ValueError) as error:
                    found.problems.append(f"a part of the file cannot be read: {error}")
            with readable():
                found.images = int(connection.execute("SELECT count(*) FROM images").fetchone()[0])
    except FormatVersionError:
        raise
    except StoreError as error:
        found.problems.append(str(error))
    finally:
        database.close()
    return found


def _pages(connection: sqlite3.Connection) -> list[str]:
    said = [row[0] for row in connection.execute(f"PRAGMA integrity_check({_LISTED})")]
    lines = [line for text in said for line in str(text).splitlines() if not line.startswith("***")]
    return [] if lines == ["ok"] else [f"SQLite: {line}" for line in lines[:_LISTED]]


def _references(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("PRAGMA foreign_key_check").fetchmany(_LISTED)
    problems = [f"a row of {row[0]} refers to a row of {row[2]} that is not there" for row in rows]
    # Of several, each may lack some: those whose files were away when it was filled.
    if list(vector_tables(connection)) == ["vectors"]:
        lacking = connection.execute(
            "SELECT count(*) FROM images WHERE id NOT IN (SELECT image_id FROM vectors)"
        ).fetchone()[0]
        if lacking:
            problems.append(f"{lacking} pictures have no embedding")
    return problems


def _meta(connection: sqlite3.Connection) -> list[str]:
    token = connection.execute("SELECT 1 FROM meta WHERE key = 'token'").fetchone()
    lacking = [*([] if token else ["token"]), *([] if vector_tables(connection) else ["encoder"])]
    return [f"the setting {key} is missing" for key in lacking]


def _vectors(connection: sqlite3.Connection) -> list[str]:
    problems: list[str] = []
    for table, dimension in vector_tables(connection).items():
        for image_id, blob in connection.execute(f"SELECT image_id, vector FROM {table}"):
            if len(problems) < _LISTED and not is_embedding(blob, dimension):
                problems.append(f"the embedding of picture {image_id} is damaged")
    return problems


def is_embedding(blob: object, dimension: int) -> bool:
    """Whether a stored vector is float16, has the dimension, and is of length 1 (L2)."""
    if not isinstance(blob, bytes) or len(blob) != 2 * dimension:
        return False
    length = np.linalg.norm(np.frombuffer(blob, dtype="<f2").astype(np.float64))
    return bool(abs(length - 1) < 0.01)
