"""The indexing of one collection in the background: one job at a time, watched by many."""

import threading
from collections.abc import Callable, Sequence

from lookalike.collection import Collection
from lookalike.errors import CollectionBusyError
from lookalike.jobs.job import IndexJob
from lookalike.types import Rules

_BEGIN_WITHIN_S = 5.0
_END_WITHIN_S = 60.0


class Indexing:
    """Starts and stops the jobs of a collection, and tells watchers of news. Thread-safe."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._lock = threading.Lock()
        self._watchers: set[Callable[[], None]] = set()
        self.job: IndexJob | None = None
        self.closed = False

    def start(self, folders: Sequence[str] = (), rules: Rules | None = None) -> IndexJob:
        """Start a job, and wait a moment until it is the writer.

        Args:
            folders: absolute paths; none means all that were indexed before.
            rules: which files are indexed; None goes by those that were given before.

        Raises:
            CollectionBusyError: a job of ours or another process is writing to the collection.
            LookalikeError: it failed at once, as `Collection.index` does.
        """
        with self._lock:
            if self.closed:
                raise CollectionBusyError("the server is stopping: start it again first")
            if self.job is not None and not self.job.status().ended:
                raise CollectionBusyError(
                    f"{self._collection.location} is being indexed: wait for the end, or stop it"
                )
            before, job = self.job, IndexJob(self._collection, folders, rules, self.tell)
            self.job = job
            job.start()
        # What takes longer, such as the download of an encoder, is told by the job's status.
        job.wait_until_begun(_BEGIN_WITHIN_S)
        if job.error is not None and job.status().progress is None:
            with self._lock:
                if self.job is job:  # it was never one
                    self.job = before
            raise job.error
        return job

    def stop(self) -> None:
        """Ask the job, if there is one, to end soon; what it has encoded is committed first."""
        if self.job is not None:
            self.job.stop()

    def watch(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Have `on_change` called, from any thread, at all news; returns what ends that."""
        with self._lock:
            self._watchers.add(on_change)

        def unwatch() -> None:
            with self._lock:
                self._watchers.discard(on_change)

        return unwatch

    def begin_close(self) -> None:
        """Stop the job and start no more; watchers see `closed`."""
        with self._lock:
            self.closed = True
        self.stop()
        self.tell()

    def close(self) -> None:
        """Stop the job, and wait until it has written what it has."""
        self.begin_close()
        if self.job is not None:
            self.job.join(_END_WITHIN_S)

    def tell(self) -> None:
        """Have watchers look at what is new."""
        with self._lock:
            watchers = list(self._watchers)
        for on_change in watchers:
            on_change()
