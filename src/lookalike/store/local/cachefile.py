"""The index on disk: `vectors.json` names a file of vectors, and says what it must be like.

Either may be missing, cut short, altered, older than the other or from another collection: then
there is no index, and it is built anew. A new file gets a new name, and then the record is
replaced; a kill in between leaves a file that nobody names, which the next one to write removes.
"""

import contextlib
import os
import secrets
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import filelock
import msgspec
import numpy as np
from numpy.typing import NDArray

from lookalike.store.local.ivf import IvfIndex
from lookalike.store.local.state import State
from lookalike.store.local.tuning import Step

_RECORD = "vectors.json"
_FORMAT = 2
_BLOCK = 1024
"""64-bit words that are summed at a time."""


class _Record(msgspec.Struct):
    format: int
    collection: str
    dimension: int
    state: State
    highest: int
    vectors: int
    trained_on: int
    steps: list[Step]
    file: str
    bytes: int
    sum: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """An index, the state of the database that it knows, and the highest id up to there."""

    index: IvfIndex
    state: State
    highest: int


class CacheFile:
    """The saved index of one collection.

    Args:
        folder: where it is.
        collection: the collection's token.
        dimension: length of a vector.
    """

    def __init__(self, folder: str, collection: str, dimension: int) -> None:
        self._folder = folder
        self._collection = collection
        self._dimension = dimension

    def load(self) -> Loaded | None:
        """The index; None where there is none that can be trusted in every bit."""
        try:
            record = self._read()
            if record is None:
                return None
            data = np.memmap(os.path.join(self._folder, record.file), np.uint8, mode="r")
            if len(data) != record.bytes or checksum(data) != record.sum:
                return None
            index = IvfIndex.of_bytes(data, record.trained_on, tuple(record.steps))
        except (OSError, ValueError, RuntimeError):
            return None
        if (len(index), index.dimension) != (record.vectors, self._dimension):
            return None
        return Loaded(index, record.state, record.highest)

    def save(self, index: IvfIndex, state: State, highest: int) -> None:
        """Write an index in place of the one that is there.

        Raises:
            OSError: it cannot be written.
        """
        data = index.serialised()
        name = f"vectors-{secrets.token_hex(4)}.ivf"
        with open(os.path.join(self._folder, name), "wb") as file:
            file.write(data.data)
        record = _Record(
            _FORMAT,
            self._collection,
            self._dimension,
            state,
            highest,
            len(index),
            index.trained_on,
            list(index.steps),
            name,
            data.nbytes,
            checksum(data),
        )
        text = msgspec.json.encode(record)
        scratch = os.path.join(self._folder, _RECORD + ".new")
        with open(scratch, "wb") as file:
            file.write(text + b"\n%08x\n" % zlib.crc32(text))
        os.replace(scratch, os.path.join(self._folder, _RECORD))
        self._tidy(name)

    @contextlib.contextmanager
    def builder(self) -> Iterator[bool]:
        """Whether the caller alone, of all processes, may build and save until the context ends.

        Raises:
            OSError: the folder cannot be written.
        """
        os.makedirs(self._folder, exist_ok=True)
        lock = filelock.FileLock(os.path.join(self._folder, "builder.lock"), timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def _read(self) -> _Record | None:
        with open(os.path.join(self._folder, _RECORD), "rb") as file:
            text, crc, rest = file.read().split(b"\n")
        if rest or crc != b"%08x" % zlib.crc32(text):
            return None
        record = msgspec.json.decode(text, type=_Record)
        mine = (_FORMAT, self._collection, self._dimension)
        return record if (record.format, record.collection, record.dimension) == mine else None

    def _tidy(self, keep: str) -> None:
        for name in os.listdir(self._folder):
            if name.startswith("vectors-") and name.endswith(".ivf") and name != keep:
                with contextlib.suppress(OSError):  # a system that locks what others have mapped
                    os.unlink(os.path.join(self._folder, name))


def checksum(data: NDArray[np.uint8]) -> int:
    """CRC-32 over sums of blocks of 8 KiB: as fast as memory, and any flipped bit shows."""
    whole = len(data) - len(data) % (8 * _BLOCK)
    words = data[:whole].view("<u8").reshape(-1, _BLOCK)
    crc = zlib.crc32(np.add.reduce(words, axis=1, dtype=np.uint64).tobytes())
    return zlib.crc32(data[whole:].tobytes(), crc)
