"""Watching a collection's folders in the background, for as long as a server runs."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from lookalike.collection import Collection
from lookalike.errors import LookalikeError
from lookalike.jobs.watching import Watcher
from lookalike.types import IndexSummary

RETRY_S = 60.0
"""After a failure, how long until it is tried again."""

_END_WITHIN_S = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WatchStatus:
    """A watch at one moment.

    Attributes:
        watching: whether changes are being noted; before, everything is compared.
        changed: when something was changed last, UTC; None where nothing was yet.
        summary: what that was.
        waiting: what it waits for, in a sentence; None where it goes on.
        error: why it does not go on for now, in one sentence.
    """

    watching: bool
    changed: datetime | None
    summary: IndexSummary | None
    waiting: str | None
    error: str | None


class Watch:
    """Runs a `Watcher` in a thread of its own, and again after a failure. Thread-safe."""

    def __init__(
        self, collection: Collection, on_change: Callable[[], None], *, retry_s: float = RETRY_S
    ) -> None:
        """Prepare it; `start` starts it.

        Args:
            collection: stays open until the watch has been closed.
            on_change: called from the watch's thread whenever `status` has news.
            retry_s: see `RETRY_S`.
        """
        self._collection = collection
        self._on_change = on_change
        self._retry_s = retry_s
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._watcher: Watcher | None = None
        self._last: tuple[datetime, IndexSummary] | None = None
        self._error: str | None = None
        # A daemon: what was committed stays, whenever the process ends.
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Start it."""
        self._thread.start()

    def status(self) -> WatchStatus:
        """How it is."""
        with self._lock:
            changed, summary = self._last or (None, None)
            watching = self._watcher is not None and self._watcher.watching.is_set()
            waiting = None if self._watcher is None else self._watcher.waiting
            return WatchStatus(watching, changed, summary, waiting, self._error)

    def begin_close(self) -> None:
        """Ask it to end soon: what it has encoded is committed first."""
        self._stop.set()

    def close(self) -> None:
        """End it, and wait until it has written what it has."""
        self.begin_close()
        if self._thread.ident is not None:
            self._thread.join(_END_WITHIN_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            watcher = Watcher(self._collection, self._note, on_news=self._on_change)
            with self._lock:
                self._watcher = watcher
            try:
                watcher.run(self._stop)
            except LookalikeError as error:
                self._fail(str(error))
            except Exception:  # noqa: BLE001  nobody stands above a thread to hear of it
                _log.exception("watching for %s failed", self._collection.location)
                self._fail("something went wrong: the log says what")

    def _note(self, summary: IndexSummary) -> None:
        with self._lock:
            self._last, self._error = (datetime.now(UTC), summary), None
        self._on_change()

    def _fail(self, sentence: str) -> None:
        with self._lock:
            self._watcher, self._error = None, sentence
        self._on_change()
        self._stop.wait(self._retry_s)
