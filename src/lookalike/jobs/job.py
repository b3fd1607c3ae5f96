"""One run of the indexer in a thread of its own."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from lookalike.collection import Collection
from lookalike.errors import LookalikeError
from lookalike.jobs.pace import Pace
from lookalike.types import IndexProgress, IndexSummary, Rules, Skipped

MAX_SKIPPED_KEPT = 10_000
"""Skipped files that a job remembers one by one; the summary at its end has them all."""

JobState: TypeAlias = Literal[
    "starting", "indexing", "finishing", "filling", "stopping", "done", "stopped", "failed"
]

_ENDS: frozenset[JobState] = frozenset(("done", "stopped", "failed"))

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job at one moment.

    Attributes:
        id: its own, never given again.
        state: "stopping" until a job that was told to stop has written what it has; the last
            three are the ends.
        folders: what was asked for; none means all that were indexed before.
        rules: what was asked for, of which files are indexed.
        started: when it was started, UTC.
        seconds: how long it has run.
        progress: how far it is; None before the first file.
        rate: files a second, lately; None where it cannot be told yet.
        seconds_left: None where it cannot be told, as while files are still counted.
        waiting: what it waits for, in a sentence; None where it goes on.
        summary: what it did, once it is done.
        error: why it failed, in one sentence.
    """

    id: str
    state: JobState
    folders: tuple[str, ...]
    rules: Rules | None
    started: datetime
    seconds: float
    progress: IndexProgress | None
    rate: float | None
    seconds_left: float | None
    waiting: str | None
    summary: IndexSummary | None
    error: str | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in _ENDS


class IndexJob:
    """Runs `Collection.index` in the background, once. Safe to look at from any thread."""

    def __init__(
        self,
        collection: Collection,
        folders: Sequence[str],
        rules: Rules | None,
        on_change: Callable[[], None],
    ) -> None:
        """Prepare the job; `start` starts it.

        Args:
            collection: stays open until the job has ended.
            folders: absolute paths; none means all that were indexed before.
            rules: which files are indexed; None goes by those that were given before.
            on_change: called from the job's thread whenever `status` or `skipped` has news.
        """
        self.id = secrets.token_hex(8)
        self.error: LookalikeError | None = None
        self._collection = collection
        self._folders = tuple(folders)
        self._rules = rules
        self._on_change = on_change
        self._state: JobState = "starting"
        self._progress: IndexProgress | None = None
        self._pace = Pace()
        self._skipped: list[Skipped] = []
        self._summary: IndexSummary | None = None
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._seconds: float | None = None
        self._stop = threading.Event()
        self._begun = threading.Event()
        self._lock = threading.Lock()
        # A daemon: what was committed stays, whenever the process ends.
        self._thread = threading.Thread(target=self._run, name="index", daemon=True)

    def start(self) -> None:
        """Start it."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end soon: what it has encoded is committed first."""
        with self._lock:
            if self._state not in _ENDS:
                self._stop.set()
                self._state = "stopping"
        self._on_change()

    def wait_until_begun(self, seconds: float) -> bool:
        """Wait until it is the collection's writer, or has ended; False if neither came in time."""
        return self._begun.wait(seconds)

    def join(self, seconds: float) -> bool:
        """Wait for its end; False if it did not come in time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def status(self) -> JobStatus:
        """How it is."""
        with self._lock:
            progress = self._progress
            counted = self._state in ("indexing", "filling")
            known = progress is not None and progress.total_final and counted
            left = self._pace.left(progress.total) if known and progress is not None else None
            seconds = self._seconds
            ended = self._state in _ENDS
            return JobStatus(
                id=self.id,
                state=self._state,
                folders=self._folders,
                rules=self._rules,
                started=self._started,
                seconds=time.monotonic() - self._clock if seconds is None else seconds,
                progress=progress,
                rate=self._pace.rate,
                seconds_left=left,
                waiting=None if progress is None or ended else progress.waiting,
                summary=self._summary,
                error=None if self.error is None else str(self.error),
            )

    def skipped(self, after: int, limit: int) -> list[Skipped]:
        """Files skipped by this run, in the order of their coming, from position `after` on."""
        with self._lock:
            return self._skipped[after : after + limit]

    def _run(self) -> None:
        try:
            summary = self._collection.index(
                *self._folders,
                rules=self._rules,
                on_progress=self._listen,
            )
        except _StopAsked:
            self._end("stopped")
        except LookalikeError as error:
            self._end("failed", error=error)
        except Exception:  # noqa: BLE001  nobody stands above a thread to hear of it
            _log.exception("indexing %s failed", self._collection.location)
            self._end("failed", error=LookalikeError("something went wrong: the log says what"))
        else:
            self._end("done", summary=summary)

    def _listen(self, progress: IndexProgress) -> None:
        if self._stop.is_set() and progress.stage != "finishing":
            raise _StopAsked
        with self._lock:
            before = self._progress or progress
            if (progress.stage, progress.waiting) != (before.stage, before.waiting):
                self._pace = Pace()  # what was before, or a time of waiting, says nothing of now
            self._progress = progress
            self._skipped.extend(progress.news[: MAX_SKIPPED_KEPT - len(self._skipped)])
            self._pace.note(time.monotonic(), progress.done)
            if self._state != "stopping":
                self._state = progress.stage
        self._begun.set()
        self._on_change()

    def _end(
        self,
        state: JobState,
        summary: IndexSummary | None = None,
        error: LookalikeError | None = None,
    ) -> None:
        with self._lock:
            self._state, self._summary, self.error = state, summary, error
            self._seconds = time.monotonic() - self._clock
        self._begun.set()
        self._on_change()


class _StopAsked(Exception):  # noqa: N818  no error: it carries the wish through the indexer
    """Ends the indexer's run from its listener."""
