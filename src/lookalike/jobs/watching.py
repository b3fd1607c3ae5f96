"""Keeps a collection up to date with its folders, as files come, change, move and go."""

import os
import threading
import time
from collections.abc import Callable, Iterable

from lookalike.collection import Collection
from lookalike.errors import CollectionBusyError, SourceError
from lookalike.indexer import is_away
from lookalike.types import IndexProgress, IndexSummary, is_address

QUIET_S = 1.0
"""How long nothing has to change before what has changed is indexed: writing a file takes time."""

PATIENCE_S = 30.0
"""How long a change waits at most, where there is no quiet."""

RESCAN_S = 600.0
"""How often all folders are compared anyway. The system's queue of events may overflow, network
drives tell of nothing, and roots come and go."""

_WITHOUT_EVENTS = 60
"""How many quiet times pass between comparisons where nothing can be watched."""


def _nothing() -> None:
    """Nobody wants to know."""


class Watcher:
    """Watches the roots of a collection.

    Args:
        collection: it has been indexed before, and stays open.
        on_run: called with what each run of the indexer did that changed anything.
        on_news: called when `watching` or `waiting` has changed, from any thread.
        quiet_s: see `QUIET_S`.
        rescan_s: see `RESCAN_S`.

    Attributes:
        watching: set once everything has been compared, and changes are being noted.
        waiting: what a run of the indexer waits for, in a sentence; None where it does not.
    """

    def __init__(
        self,
        collection: Collection,
        on_run: Callable[[IndexSummary], None],
        *,
        on_news: Callable[[], None] = _nothing,
        quiet_s: float = QUIET_S,
        rescan_s: float = RESCAN_S,
    ) -> None:
        self._collection = collection
        self._on_run = on_run
        self._on_news = on_news
        self._quiet_s = quiet_s
        self._rescan_s = rescan_s
        self.watching = threading.Event()
        self.waiting: str | None = None
        self._changed: set[str] = set()
        self._since: float | None = None
        self._stop = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Bring the collection up to date, and keep it so until `stop` is set.

        A run of the indexer ends soon after that, too; what it has encoded is committed.

        Raises:
            LookalikeError: the collection cannot be written, or its encoder does not work.
        """
        self._stop = stop
        while not stop.is_set():
            try:
                self._watch(stop)
            except _StopAsked:
                return
            except OSError:  # a root has gone, or the system watches no more folders
                self._index(())
                stop.wait(_WITHOUT_EVENTS * self._quiet_s)

    def _watch(self, stop: threading.Event) -> None:
        """Watch the roots that are there, until it is time to compare everything again.

        Everything is compared once events are being noted, so that nothing comes in between.

        Raises:
            OSError: they cannot be watched.
        """
        from watchfiles import watch

        status = self._collection.status()
        roots = [
            root for root in status.roots if root not in status.offline and not is_address(root)
        ]
        if not roots:
            stored = any(map(is_address, status.roots))
            if stored:  # a storage tells of nothing
                self._index(())
            stop.wait(self._rescan_s if stored else self._quiet_s)
            return
        again = time.monotonic() + self._rescan_s
        compared = False
        for changes in watch(
            *roots,
            watch_filter=lambda _, path: not self._is_ours(path),
            debounce=max(1, int(1000 * self._quiet_s)),
            rust_timeout=max(1, int(1000 * self._quiet_s)),
            yield_on_timeout=True,
            stop_event=stop,
            raise_interrupt=True,
            ignore_permission_denied=True,
        ):
            if not compared:
                compared = self._index(())
                if compared and not self.watching.is_set():
                    self.watching.set()
                    self._on_news()
                continue
            self._note((path for _, path in changes), roots)
            if self._is_due(quiet=not changes) and self._index(sorted(self._changed)):
                self._changed.clear()
                self._since = None
            is_back = any(not is_away(root) for root in status.offline)
            is_new = self._collection.roots() != status.roots
            if not self._changed and (is_back or is_new or time.monotonic() > again):
                return

    def _note(self, paths: Iterable[str], roots: list[str]) -> None:
        """Remember which folders to look into: the innermost that is there still."""
        for path in paths:
            folder = path if os.path.isdir(path) else os.path.dirname(path)
            while not os.path.isdir(folder) and folder not in roots:
                parent = os.path.dirname(folder)
                if parent == folder:
                    break
                folder = parent
            # A root that is a file is told of by itself.
            self._changed.add(path if path in roots else folder)
            self._since = self._since or time.monotonic()

    def _is_due(self, *, quiet: bool) -> bool:
        if not self._changed or self._since is None:
            return False
        return quiet or time.monotonic() - self._since > PATIENCE_S

    def _index(self, folders: Iterable[str]) -> bool:
        """Whether it could be done now; another process may be writing."""
        try:
            summary = self._index_now(folders)
        except CollectionBusyError:
            return False
        if summary.added or summary.updated or summary.removed:
            self._on_run(summary)
        return True

    def _index_now(self, folders: Iterable[str]) -> IndexSummary:
        try:
            return self._collection.index(*folders, on_progress=self._listen)
        except SourceError:  # one of them has just gone
            return self._collection.index(on_progress=self._listen)

    def _listen(self, progress: IndexProgress) -> None:
        if progress.waiting != self.waiting:
            self.waiting = progress.waiting
            self._on_news()
        if self._stop.is_set() and progress.stage == "indexing":
            raise _StopAsked

    def _is_ours(self, path: str) -> bool:
        # Collections are often kept inside the folders that they are of.
        return path.startswith(os.path.join(self._collection.home, ""))


class _StopAsked(Exception):  # noqa: N818  no error: it carries the wish through the indexer
    """Ends the indexer's run from its listener."""
