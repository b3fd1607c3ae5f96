"""Which journal a collection's drive can carry.

The write-ahead log lets readers read on while the writer writes, but it needs memory that
processes share through a file. Some network drives have none; there the rollback journal serves,
and readers wait while a transaction is committed.
"""

import mmap
import os
import sqlite3
import tempfile


def carries_wal(folder: str) -> bool:
    """Whether processes can share memory through files in `folder`, which has to be writable."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.truncate(mmap.PAGESIZE)
            with mmap.mmap(file.fileno(), mmap.PAGESIZE) as shared:
                shared[0] = 1
    except (OSError, ValueError):
        return False
    return True


def set_journal(connection: sqlite3.Connection, path: str) -> None:
    """Choose the journal for the database at `path`, before anything is read from it.

    A collection that was copied from another drive is changed over.
    """
    if carries_wal(os.path.dirname(path)):
        connection.execute("PRAGMA journal_mode = WAL")
        return
    # Alone, SQLite keeps the log's index in its own memory: so an old log can still be read.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA locking_mode = NORMAL")
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # lets go of the lock
