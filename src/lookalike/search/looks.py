"""Looks at the pictures of a store: taken from their files when needed, the last ones kept."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from lookalike.decode import decode
from lookalike.errors import DecodeError, SourceError
from lookalike.search.look import SIDE, Look
from lookalike.source import read_media
from lookalike.store import FileRecord, StoredFile

_KEPT = 512
"""Looks with all that was worked out of them, a few hundred KiB each."""

_NOTED = 131_072
"""Looks as they were taken, 2 KiB each."""

_THREADS = 2
_LARGE = 100_000
"""Bytes of a file from which on its decoding takes most of the time."""


class Looks:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Look | None] = OrderedDict()
        self._noted: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def at(self, stored: StoredFile) -> Look | None:
        """The look of a picture; None where its file cannot be read any more."""
        content = stored.file.content
        with self._lock:
            if content in self._kept:
                self._kept.move_to_end(content)
                return self._kept[content]
            noted = self._noted.get(content)
        look = _take(stored.file) if noted is None else Look.of_bytes(noted)
        with self._lock:
            self._kept[content] = look
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            if look is not None and noted is None:
                self._noted[content] = look.bytes()
                while len(self._noted) > _NOTED:
                    self._noted.popitem(last=False)
        return look

    def several(self, wanted: Sequence[StoredFile]) -> list[Look | None]:
        """The looks of these pictures, as many as are kept at most."""
        # Of small files, Python has most of the work, and its threads wait for each other.
        small = sum(item.file.size for item in wanted) < _LARGE * len(wanted)
        with ThreadPoolExecutor(1 if small else _THREADS, "look") as pool:
            return list(pool.map(self.at, wanted))


def _take(file: FileRecord) -> Look | None:
    try:
        return Look(decode(read_media(file.path), at_least=2 * SIDE, frame=file.frame).image)
    except (SourceError, DecodeError):
        return None
