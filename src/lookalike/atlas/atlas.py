"""The map of one collection as it is asked for: what is ready at once, the rest in a while."""

import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from lookalike.atlas import places as maps
from lookalike.atlas import sheets
from lookalike.atlas.places import Places
from lookalike.collection import Collection
from lookalike.errors import LookalikeError, QueryError

_REST = 4
"""A map is made anew only after this many times as long as it took: while pictures stream in,
another one is wanted every second."""

_log = logging.getLogger(__name__)


class Atlas:
    """Makes maps and sheets in one thread of its own, and keeps them on disk. Thread-safe."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._folder = os.path.join(collection.home, "cache", "map")
        self._worker = ThreadPoolExecutor(1, "atlas")
        self._lock = threading.Lock()
        self._running: dict[str, Future[None]] = {}
        self._failed: dict[str, LookalikeError] = {}
        self._places: Places | None = None
        self._not_before = 0.0

    def places(self) -> Places | None:
        """The latest map, which may be of a little while ago; None while the first one is made.

        Where it is not of the collection as it is now, a new one is begun.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
            LookalikeError: it could not be made; the next call tries again.
        """
        with self._lock:
            if self._places is None:
                self._places = maps.load(self._file)
            places = self._places
        if places is None or not self.is_current(places):
            if places is None or time.monotonic() >= self._not_before:
                self._begin("places", self._make_places)
            # Small collections are done by now, or nearly so.
            self._wait("places", 0.2)
            with self._lock:
                places = self._places
        return places

    def is_current(self, places: Places) -> bool:
        """Whether a map is of the collection as it is now."""
        return places.version == maps.version_of(self._collection)

    def sheet(self, number: int) -> tuple[str, bytes | None]:
        """The version of the latest map and its sheet `number`, a JPEG, or None while it is made.

        Raises:
            QueryError: it has no such sheet.
        """
        with self._lock:
            places = self._places or maps.load(self._file)
        places = places or self.places()
        if places is None:
            return "", None
        if not 0 <= number < self.sheets_of(places):
            raise QueryError(f"the map has no sheet {number}: ask for the map first")
        path = os.path.join(self._folder, places.version, f"{number}.jpg")
        with suppress(OSError), open(path, "rb") as file:
            return places.version, file.read()
        ids = [int(i) for i in places.ids[number * sheets.CELLS : (number + 1) * sheets.CELLS]]
        self._begin(path, lambda: self._make_sheet(path, ids))
        self._wait(path, 0.2)
        with suppress(OSError), open(path, "rb") as file:
            return places.version, file.read()
        return places.version, None

    @staticmethod
    def sheets_of(places: Places) -> int:
        """How many sheets a map has."""
        return -(-len(places.ids) // sheets.CELLS)

    def close(self) -> None:
        """Make nothing more, and wait for what is being made."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    @property
    def _file(self) -> str:
        return os.path.join(self._folder, "places.npz")

    def _make_places(self) -> None:
        began = time.monotonic()
        places = maps.compute(self._collection)
        maps.save(places, self._file)
        with self._lock:
            self._places = places
        ended = time.monotonic()
        self._not_before = ended + _REST * (ended - began)
        with suppress(OSError):
            for name in os.listdir(self._folder):
                if name not in (places.version, os.path.basename(self._file)):
                    shutil.rmtree(os.path.join(self._folder, name), ignore_errors=True)

    def _make_sheet(self, path: str, ids: list[int]) -> None:
        data = sheets.draw(self._collection, ids)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            scratch = f"{path}.{secrets.token_hex(8)}"  # machines may share the folder
            with open(scratch, "wb") as file:
                file.write(data)
            os.replace(scratch, path)
        except OSError as error:
            raise LookalikeError(f"the map cannot be kept in {self._folder}: {error}") from error

    def _begin(self, name: str, work: Callable[[], None]) -> None:
        """Have `work` done, unless it is being done already."""

        def guarded() -> None:
            try:
                work()
            except LookalikeError as error:
                self._failed[name] = error
            except Exception:  # noqa: BLE001  nobody stands above a thread to hear of it
                _log.exception("the map of %s failed", self._collection.location)
                self._failed[name] = LookalikeError("the map cannot be made: the log says why")
            finally:
                with self._lock:
                    self._running.pop(name, None)

        with self._lock:
            if name not in self._running:
                # A server that is stopping has no worker any more.
                with suppress(RuntimeError):
                    self._running[name] = self._worker.submit(guarded)

    def _wait(self, name: str, seconds: float) -> None:
        with self._lock:
            running = self._running.get(name)
        if running is not None:
            with suppress(TimeoutError):
                running.result(seconds)
        failed = self._failed.pop(name, None)
        if failed is not None:
            raise failed
