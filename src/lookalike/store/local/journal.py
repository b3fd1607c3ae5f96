"""Which journal a collection's drive can carry.

The write-ahead log lets readers read on while the writer writes, but it needs memory that
processes share through a file. Some network drives have none; there the rollback journal serves,
and readers wait while a transaction is committed.
"""

import mmap
import os
import shutil
import sqlite3
import tempfile

_ROOM = 64 * 1024
"""Bytes that opening a collection needs: the log's index of 32 KiB, and where the log begins."""


def set_journal(connection: sqlite3.Connection, path: str) -> None:
    """Choose the journal of the database at `path`, which its drive can carry.

    Raises:
        OSError: nothing can be written there.
    """
    wal = _shares_memory(os.path.dirname(path))
    connection.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")


def needs_other_journal(error: BaseException | None) -> bool:
    """Whether SQLite failed because the drive cannot carry the log that the database has."""
    return "_SHM" in str(getattr(error, "sqlite_errorname", ""))


def is_read_only(path: str) -> bool:
    """Whether the database at `path` is whole in its one file, and nobody can write to it."""
    log = path + "-wal"
    return not os.access(os.path.dirname(path), os.W_OK) and not (
        os.path.exists(log) and os.path.getsize(log)
    )


def is_full(path: str) -> bool:
    """Whether the drive of the database at `path` has no room for its log."""
    folder = os.path.dirname(path)
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free < _ROOM


def change_over(path: str) -> None:
    """Take the log of a collection, which was copied from another drive, into its one file.

    Raises:
        sqlite3.Error: it cannot be written.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # Alone, SQLite keeps the log's index in its own memory, and can read it.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = DELETE")
    finally:
        connection.close()


def _shares_memory(folder: str) -> bool:
    with tempfile.TemporaryFile(dir=folder) as file:
        # Written, not only made longer: memory that a full drive cannot back kills who touches it.
        file.write(bytes(mmap.PAGESIZE))
        file.flush()
        try:
            mmap.mmap(file.fileno(), mmap.PAGESIZE).close()
        except (OSError, ValueError):
            return False
    return True
