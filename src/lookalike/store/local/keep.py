"""Copies of a collection: backup, restore, and the repair of a damaged one into a new place."""

import json
import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress

from lookalike.errors import CollectionNotFoundError, StoreError
from lookalike.store.local.database import connect, readable, transaction, writable
from lookalike.store.local.examine import Examination, examine
from lookalike.store.local.salvage import Salvaged, salvage
from lookalike.store.local.schema import format_version
from lookalike.store.local.store import DATABASE_FILE, LocalStore

_BACKUP_OF = "backup_of"


def check(folder: str) -> Examination:
    """See `examine`.

    Raises:
        CollectionNotFoundError: there is no collection at `folder`.
        FormatVersionError: it is of a later version.
    """
    _require(folder)
    return examine(folder, DATABASE_FILE)


def repair(folder: str, new: str) -> Salvaged:
    """Save what can be read of a damaged collection into a new one; the damaged one stays.

    Raises:
        CollectionNotFoundError: there is no collection at `folder`.
        StoreError: there is one at `new` already, it cannot be written, or nothing can be saved.
    """
    _require(folder)
    _refuse_collection(new)
    saved = Salvaged()

    def fill(target: sqlite3.Connection) -> None:
        nonlocal saved
        with closing(_open(folder)) as damaged:
            saved = salvage(damaged, format_version(damaged), target)
        _set_meta(target, token=secrets.token_hex(16))

    _make(new, fill)
    return saved


def back_up(folder: str, destination: str) -> int:
    """Copy a collection as it is at one moment, also while it is being indexed.

    The copy is a collection of its own, which can be searched and restored. An earlier backup of
    the same collection at `destination` is replaced, once the new one is whole.

    Returns:
        The number of pictures in the copy.

    Raises:
        CollectionNotFoundError: there is no collection at `folder`.
        StoreError: `destination` holds another collection or cannot be written.
    """
    _require(folder)
    token = _get_meta(folder, "token")
    if LocalStore.exists(destination) and _get_meta(destination, _BACKUP_OF) != token:
        raise StoreError(
            f"{destination} holds a collection that is no backup of {folder}; name another folder"
        )
    return _copy(folder, destination, backup_of=token)


def restore(backup: str, folder: str) -> int:
    """Make a collection from a backup, where there is none.

    Returns:
        The number of pictures in it.

    Raises:
        CollectionNotFoundError: there is no backup at `backup`.
        StoreError: there is a collection at `folder` already, or it cannot be written.
    """
    _require(backup)
    _refuse_collection(folder)
    return _copy(backup, folder, backup_of=None)


def _copy(folder: str, destination: str, *, backup_of: str | None) -> int:
    count = 0

    def fill(target: sqlite3.Connection) -> None:
        nonlocal count
        with closing(_open(folder)) as source, readable(), writable():
            source.backup(target)  # in one step: what is committed meanwhile is not in it
        # Caches that lie about belong to another collection from now on.
        _set_meta(target, token=secrets.token_hex(16), backup_of=backup_of)
        with readable():
            said = target.execute("PRAGMA integrity_check(1)").fetchone()[0]
            count = int(target.execute("SELECT count(*) FROM images").fetchone()[0])
        if said != "ok":
            raise StoreError(f"{folder} is damaged, see: lookalike check -c {folder}")

    _make(destination, fill)
    return count


def _make(folder: str, fill: Callable[[sqlite3.Connection], None]) -> None:
    """Put a new database into a folder; under another name until it is whole."""
    path = os.path.join(folder, DATABASE_FILE)
    scratch = path + ".new"
    try:
        os.makedirs(folder, exist_ok=True)
        _unlink(scratch)
        with writable(), closing(sqlite3.connect(scratch, isolation_level=None)) as target:
            fill(target)
            target.execute("PRAGMA journal_mode = DELETE")  # all of it in the one file
        _sync(scratch)
        _unlink(path + "-wal")
        _unlink(path + "-shm")
        os.replace(scratch, path)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            _unlink(scratch)


def _require(folder: str) -> None:
    if not LocalStore.exists(folder):
        raise CollectionNotFoundError(f"there is no collection at {folder}")


def _refuse_collection(folder: str) -> None:
    if LocalStore.exists(folder):
        raise StoreError(f"there is a collection at {folder} already; name another folder")


def _open(folder: str) -> sqlite3.Connection:
    return connect(os.path.join(folder, DATABASE_FILE))


def _get_meta(folder: str, key: str) -> str | None:
    with closing(_open(folder)) as connection, readable():
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(json.loads(row[0]))


def _set_meta(connection: sqlite3.Connection, **values: str | None) -> None:
    with transaction(connection):
        for key, value in values.items():
            connection.execute("DELETE FROM meta WHERE key = ?", (key,))
            if value is not None:
                connection.execute("INSERT INTO meta VALUES (?, ?)", (key, json.dumps(value)))


def _unlink(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _sync(path: str) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())
