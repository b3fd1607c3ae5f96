"""Tells a listener how far a run has come."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from lookalike.indexer.ledger import Ledger
from lookalike.indexer.scope import Scope
from lookalike.source import walk
from lookalike.types import IndexProgress, ProgressListener

_EVERY_S = 0.1


class Waits:
    """A listener that is also told of what the run waits for, from any thread."""

    def __init__(self, listener: ProgressListener) -> None:
        self._listener = listener
        self._lock = threading.Lock()
        self._last = IndexProgress("indexing", 0, 0, False, 0, 0)
        self._raised: Exception | None = None

    def tell(self, progress: IndexProgress) -> None:
        """Hand a snapshot on, from the indexing thread; what the listener raises ends the run."""
        with self._lock:
            raised, self._raised = self._raised, None
            if raised is not None:
                raise raised
            self._last = replace(progress, waiting=self._last.waiting)
            self._listener(self._last)

    def wait(self, sentence: str | None) -> None:
        """Tell at once what is waited for, and with None, that the run goes on."""
        with self._lock:
            self._last = replace(self._last, waiting=sentence, news=())
            try:
                self._listener(self._last)
            except Exception as error:  # noqa: BLE001  the answer that has come must not be lost
                self._raised = error


class Teller:
    """Calls the listener a few times a second; does nothing where there is none."""

    def __init__(
        self,
        listener: Waits | None,
        ledger: Ledger,
        scopes: Sequence[Scope],
    ) -> None:
        self._listener = listener
        self._ledger = ledger
        self._told = 0.0
        self._counter = _Counter(scopes)

    def start(self) -> None:
        """Begin to count the files."""
        if self._listener:
            self._counter.start()

    def stop(self) -> None:
        """Count no further."""
        self._counter.stopped = True

    def tell(self, stage: Literal["indexing", "finishing"]) -> None:
        """Tell now, unless it was told a moment ago; the finish is always told."""
        now = time.monotonic()
        if self._listener is None or (stage == "indexing" and now - self._told < _EVERY_S):
            return
        self._told = now
        self._listener.tell(
            IndexProgress(
                stage=stage,
                done=self._ledger.done,
                total=max(self._counter.total, self._ledger.done),
                total_final=self._counter.final,
                encoded=self._ledger.encoded,
                skipped=self._ledger.refused,
                news=self._ledger.take_news(),
            )
        )


class _Counter(threading.Thread):
    """Counts the files ahead of the run, so that the time left can be told."""

    def __init__(self, scopes: Sequence[Scope]) -> None:
        super().__init__(name="count", daemon=True)
        self._scopes = scopes
        self.stopped = False
        self.total = 0
        self.final = False

    def run(self) -> None:
        for scope in self._scopes:
            for folder in walk(scope.start, scope.sieve):
                self.total += len(folder.files)
                if self.stopped:
                    return
        self.final = True
