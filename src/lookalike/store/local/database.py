"""Connections to the collection's SQLite file."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lookalike.errors import StoreError
from lookalike.store.local.schema import PAGE_SIZE, check_not_newer, format_version, migrate

_BUSY_TIMEOUT_S = 10.0


class Database:
    """One read connection a thread, and one for the writer. Readers see the last commit."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._readers = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._opening = threading.Lock()

    def reader(self) -> sqlite3.Connection:
        """This thread's read connection.

        Raises:
            StoreError: the file cannot be opened, or is not a collection of a known format.
        """
        connection: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = _connect(self.path)
            check_not_newer(format_version(connection))
            connection.execute("PRAGMA query_only = ON")
            self._readers.connection = connection
            with self._opening:
                self._opened.append(connection)
        return connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """This thread's read connection, showing one state of the collection throughout."""
        connection = self.reader()
        if connection.in_transaction:
            yield connection
            return
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("COMMIT")

    @contextmanager
    def writer(self) -> Iterator[sqlite3.Connection]:
        """A connection that may write, at the current format; makes the file if need be."""
        connection = _connect(self.path)
        try:
            migrate(connection)
            yield connection
        finally:
            connection.close()

    def close(self) -> None:
        """Close the read connections of all threads."""
        with self._opening:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
        self._readers = threading.local()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of what happens inside, or nothing.

    Raises:
        StoreError: the database refused, because the disk is full for instance.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        raise StoreError(f"the collection cannot be written: {error}") from error


def _connect(path: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: what was reported as committed survives a power cut as well as a kill.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error as error:
        raise StoreError(f"the collection's file {path} cannot be opened: {error}") from error
    return connection
