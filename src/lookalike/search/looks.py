"""Looks at the pictures of a store: taken from their files when needed, the last ones kept."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from lookalike.decode import decode
from lookalike.errors import DecodeError, SourceError
from lookalike.search.look import SIDE, Look
from lookalike.source import read_media
from lookalike.store import FileRecord, StoredFile

_KEPT = 2048
"""Looks with all that was worked out of them, a few hundred KiB each."""

_NOTED = 65_536
"""Looks as they were taken, 2 KiB each."""

_THREADS = 2


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

    def prepare(self, wanted: Iterable[StoredFile]) -> None:
        """Take the looks of these pictures, several at a time; no more than are kept."""
        with ThreadPoolExecutor(_THREADS, "look") as pool:
            list(pool.map(self.at, wanted))


def _take(file: FileRecord) -> Look | None:
    try:
        return Look(decode(read_media(file.path), at_least=2 * SIDE, frame=file.frame).image)
    except (SourceError, DecodeError):
        return None
