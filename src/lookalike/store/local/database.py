"""Connections to the collection's SQLite file."""

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath, PureWindowsPath
from urllib.parse import quote_from_bytes

from lookalike.errors import StoreError, StoreUnavailableError
from lookalike.store.local.journal import (
    change_over,
    is_full,
    is_read_only,
    needs_other_journal,
    set_journal,
)
from lookalike.store.local.schema import (
    PAGE_SIZE,
    check_not_newer,
    format_version,
    is_older,
    migrate,
)

_BUSY_TIMEOUT_S = 10.0


class Database:
    """One read connection a thread, and one for the writer. Readers see the last commit."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._readers = threading.local()
        self._opened: weakref.WeakSet[_Reader] = weakref.WeakSet()
        self._opening = threading.Lock()

    def is_of_an_older_format(self) -> bool:
        """Whether the file has to be migrated before it can be read.

        Raises:
            StoreError: as `reader`.
        """
        connection = connect(self.path)
        try:
            return is_older(format_version(connection))
        finally:
            connection.close()

    def reader(self) -> sqlite3.Connection:
        """This thread's read connection.

        Raises:
            StoreError: the file cannot be opened, or is not a collection of a known format.
        """
        reader: _Reader | None = getattr(self._readers, "reader", None)
        if reader is None:
            reader = _Reader(connect(self.path))
            reader.connection.execute("PRAGMA query_only = ON")
            self._readers.reader = reader
            with self._opening:
                self._opened.add(reader)
        return reader.connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """This thread's read connection, showing one state of the collection throughout.

        Raises:
            StoreError: the file cannot be read.
        """
        connection = self.reader()
        with readable():
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
        """A connection that may write, at the current format; makes the file if need be.

        Raises:
            StoreError: the file cannot be written, or is not a collection of a known format.
        """
        connection = connect(self.path)
        try:
            with _room_for_a_log(self.path), writable():
                connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
                set_journal(connection, self.path)
                # FULL: what was reported as committed survives a power cut as well as a kill.
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA foreign_keys = ON")
                migrate(connection)
            yield connection
        finally:
            connection.close()

    def close(self) -> None:
        """Close the read connections of all threads."""
        with self._opening:
            for reader in list(self._opened):
                reader.connection.close()
            self._opened.clear()
        self._readers = threading.local()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of what happens inside, or nothing.

    Raises:
        StoreError: the database refused, because the disk is full for instance.
    """
    with writable():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def writable() -> Iterator[None]:
    """Errors of SQLite and of the drive while writing, as ours."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise StoreError(f"the collection cannot be written: {why}") from error


@contextmanager
def readable() -> Iterator[None]:
    """SQLite's errors while reading, as ours."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CANTOPEN:
            raise StoreUnavailableError(
                "the collection cannot be reached: its file cannot be opened, see that its drive "
                "is there and that you may read it"
            ) from error
        raise StoreError(f"the collection cannot be read: {error}") from error


@contextmanager
def _room_for_a_log(path: str) -> Iterator[None]:
    """On a full drive says so: SQLite calls it an I/O error where its log finds no room."""
    try:
        yield
    except StoreError as error:
        if isinstance(error.__cause__, sqlite3.OperationalError) and is_full(path):
            raise StoreError(
                "the collection cannot be opened: its drive is full, make room on it"
            ) from error.__cause__
        raise


class _Reader:
    """A read connection that goes with the thread that it was made for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        self.connection.close()


def connect(path: str) -> sqlite3.Connection:
    """Open a collection's file, or an empty one; what is none of ours is left as it is."""
    try:
        return _checked(path)
    except StoreError as error:
        cause = error.__cause__
        if not isinstance(cause, sqlite3.OperationalError):
            raise
        if is_read_only(path):
            return _checked(path, "?immutable=1")
        if needs_other_journal(cause):
            with _room_for_a_log(path), readable():
                change_over(path)
            return _checked(path)
        raise


def uri_of(path: PurePath) -> str:
    """The address of a file, as SQLite takes it: that of a network share has no host in it."""
    name = path.as_posix()
    data = name.encode() if isinstance(path, PureWindowsPath) else os.fsencode(name)
    return "file://" + ("" if name.startswith("/") else "/") + quote_from_bytes(data, safe="/:")


def _checked(path: str, options: str = "") -> sqlite3.Connection:
    with readable():
        connection = sqlite3.connect(
            uri_of(Path(os.path.abspath(path))) + options,
            uri=True,
            timeout=_BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )
    try:
        check_not_newer(format_version(connection))
    except BaseException:
        connection.close()
        raise
    return connection
