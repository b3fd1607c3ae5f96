"""The lock of a collection's one writer."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import filelock

from lookalike.errors import CollectionBusyError, StoreError

LOCK_FILE = "writer.lock"


@contextmanager
def writer_lock(folder: str) -> Iterator[None]:
    """Be the one that writes to the collection in `folder`, of all processes.

    Raises:
        CollectionBusyError: another one is.
        StoreError: the folder cannot be written.
    """
    # The system lets go of the lock when a process dies, however it dies.
    lock = filelock.FileLock(os.path.join(folder, LOCK_FILE), timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise CollectionBusyError(
            f"another process is writing to {folder}; wait for it to end, or stop it"
        ) from error
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()
