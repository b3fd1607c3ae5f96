"""One run of the indexer.

The main thread walks, hands files to worker threads, gathers what they prepare into batches, and
writes; one more thread runs the encoder, so that decoding, inference and writing overlap. At most
a fixed number of pictures is in flight, so memory does not grow with the collection.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from lookalike.encoders import Encoder
from lookalike.errors import SourceError
from lookalike.indexer.batches import Embedded, Encoding
from lookalike.indexer.candidates import Candidate, Missing, plan
from lookalike.indexer.ledger import Ledger
from lookalike.indexer.prepare import Encodable, Prepared, prepare
from lookalike.indexer.presence import Presence, missing
from lookalike.source import FoundFolder, walk
from lookalike.store import NO_DEVICE, Store, under
from lookalike.types import IndexProgress, IndexSummary, ProgressListener, Skipped

BATCH = 16
_LISTEN_EVERY_S = 0.1


def index(
    store: Store,
    encoder: Encoder,
    roots: Sequence[str],
    *,
    exclude: Sequence[str] = (),
    prune: bool = False,
    on_progress: ProgressListener | None = None,
) -> IndexSummary:
    """Bring the store up to date with the pictures under `roots`.

    Whatever was committed before an interruption stays, and the next run goes on from there.

    Args:
        store: where to.
        encoder: the encoder of the store.
        roots: absolute paths of folders or files.
        exclude: glob patterns of names, or of paths relative to a root.
        prune: also forget pictures whose root or mount point is empty or missing.
        on_progress: called from this thread a few times a second.

    Raises:
        SourceError: a root that was never indexed does not exist.
        CollectionBusyError: another writer is at work.
        EncoderError: the encoder does not work at all.
        StoreError: the store cannot be written.
    """
    roots = _outermost(roots)
    known_roots = set(store.roots())
    for root in roots:
        if missing(root) and root not in known_roots:
            raise SourceError(f"there is no file or folder {root}")
    started = time.monotonic()
    with store.write() as writer:
        ledger = Ledger(writer)
        _Run(store, encoder, roots, exclude, ledger, on_progress).run(prune=prune)
    skipped = [
        Skipped(skip.path, skip.reason)
        for skip in store.skipped()
        if any(under(skip.path, root) for root in roots)
    ]
    return IndexSummary(
        added=ledger.added,
        updated=ledger.updated,
        unchanged=ledger.unchanged,
        removed=ledger.removed,
        skipped=skipped,
        warnings=ledger.warnings,
        seconds=time.monotonic() - started,
    )


class _Run:
    def __init__(
        self,
        store: Store,
        encoder: Encoder,
        roots: Sequence[str],
        exclude: Sequence[str],
        ledger: Ledger,
        on_progress: ProgressListener | None,
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._roots = roots
        self._exclude = exclude
        self._ledger = ledger
        self._presence = Presence(store, roots)
        self._on_progress = on_progress
        self._listened = 0.0
        self._missing: list[Missing] = []
        self._visited: set[str] = set()
        self._unlisted: set[str] = set()
        self._renumbered: dict[str, int] = {}
        self._counter = _Counter(roots, exclude)

    def run(self, *, prune: bool) -> None:
        workers = _cores()
        window = 2 * BATCH + workers
        preparing: deque[Future[Prepared]] = deque()
        if self._on_progress:
            self._counter.start()
        with (
            ThreadPoolExecutor(workers, "decode") as pool,
            Encoding(self._encoder, BATCH) as encoding,
        ):
            try:
                for candidate in self._candidates():
                    preparing.append(
                        pool.submit(prepare, candidate, self._store, self._encoder, self._presence)
                    )
                    if len(preparing) >= window:
                        self._take(preparing.popleft().result(), encoding)
                while preparing:
                    self._take(preparing.popleft().result(), encoding)
                self._record(encoding.drain())
                self._remove_gone(prune=prune)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                self._counter.stop()
                self._ledger.commit()
        self._tell("finishing", force=True)

    def _candidates(self) -> Iterator[Candidate]:
        known_roots = set(self._store.roots())
        for root in self._roots:
            for folder in walk(root, self._exclude):
                work = plan(folder, self._store.states(folder.path))
                if folder.complete:
                    self._visited.add(folder.path)
                    self._saw_folder(folder)
                elif not missing(folder.path):
                    self._unlisted.add(folder.path)
                if work.unchanged or any(c.known is not None for c in work.candidates):
                    self._presence.saw_known_file_in(folder.path)
                self._ledger.unchanged += work.unchanged
                self._ledger.refused += work.refused
                for skipped in work.unreadable:
                    # A root that is away is told once, as a warning, not as a bad file.
                    if skipped.path != root:
                        self._ledger.skip(skipped)
                    elif not missing(root):
                        self._ledger.warn(f"{root}: {skipped.reason}; its known files are kept")
                if work.hidden:
                    path, reason = work.hidden[0]
                    self._ledger.warn(
                        f"{path}: {reason}; it is kept, with {len(work.hidden) - 1} more in "
                        "its folder"
                    )
                self._missing.extend(work.missing)
                yield from work.candidates
            if missing(root):
                self._missing.extend(self._single(root))
            elif root not in known_roots:
                self._ledger.saw_root(root)

    def _saw_folder(self, folder: FoundFolder) -> None:
        known = self._presence.device(folder.path)
        if known == NO_DEVICE:
            self._ledger.saw_folder(folder.path, folder.device)
        elif known != folder.device:
            self._renumbered[folder.path] = folder.device

    def _single(self, root: str) -> Iterator[Missing]:
        """What is stored of a root that was a file itself."""
        folder, name = os.path.split(root)
        state = self._store.states(folder).get(name)
        if state is not None:
            yield Missing(root, state.id)

    def _take(self, prepared: Prepared, encoding: Encoding) -> None:
        if isinstance(prepared, Encodable):
            self._record(encoding.add(prepared))
        else:
            self._ledger.record(prepared)
        self._ledger.commit_if_due()
        self._tell("indexing")

    def _record(self, finished: list[Embedded]) -> None:
        for embedded in finished:
            self._ledger.record(embedded)

    def _remove_gone(self, *, prune: bool) -> None:
        """Forget what is gone, at the very end, when moved pictures have found their new paths."""
        self._ledger.commit()
        for root in self._roots:
            self._missing.extend(self._unvisited(root))
        out_of_reach: dict[str, int] = {}
        ids = [entry.id for entry in self._missing if entry.id is not None]
        current = {stored.id: stored.file.path for stored in self._store.get(ids)}
        for entry in dict.fromkeys(self._missing):
            if entry.id is not None and current.get(entry.id) != entry.path:
                continue  # it has moved
            if entry.path in self._unlisted:
                continue  # a folder that still cannot be read
            if missing(entry.path) and not prune:
                place = self._presence.offline(os.path.dirname(entry.path))
                if place is not None:
                    out_of_reach[place] = out_of_reach.get(place, 0) + 1
                    continue
            self._ledger.remove(entry)
        for place, count in out_of_reach.items():
            self._ledger.warn(
                f"{place} is empty or not mounted: its {count} known files are kept (if they are "
                "really gone, run again with --prune)"
            )
        for path, device in self._renumbered.items():
            # An unmounted drive's number is kept, so that the next run knows it is away, too.
            if prune or self._presence.offline(path) is None:
                self._ledger.saw_folder(path, device)

    def _unvisited(self, root: str) -> Iterator[Missing]:
        """Everything stored in folders that the walk did not come to, but could have."""
        for folder in self._store.folders(root):
            if folder in self._visited or any(under(folder, bar) for bar in self._unlisted):
                continue
            for name, state in self._store.states(folder).items():
                yield Missing(os.path.join(folder, name), state.id)

    def _tell(self, stage: str, *, force: bool = False) -> None:
        now = time.monotonic()
        if self._on_progress is None or (not force and now - self._listened < _LISTEN_EVERY_S):
            return
        self._listened = now
        ledger = self._ledger
        self._on_progress(
            IndexProgress(
                stage="finishing" if stage == "finishing" else "indexing",
                done=ledger.done,
                total=max(self._counter.total, ledger.done),
                total_final=self._counter.final,
                encoded=ledger.encoded,
                skipped=ledger.refused,
            )
        )


class _Counter(threading.Thread):
    """Counts the files ahead of the walk, so that the time left can be told."""

    def __init__(self, roots: Sequence[str], exclude: Sequence[str]) -> None:
        super().__init__(name="count", daemon=True)
        self._roots = roots
        self._exclude = exclude
        self._stopped = False
        self.total = 0
        self.final = False

    def run(self) -> None:
        for root in self._roots:
            for folder in walk(root, self._exclude):
                self.total += len(folder.files)
                if self._stopped:
                    return
        self.final = True

    def stop(self) -> None:
        self._stopped = True


def _outermost(roots: Sequence[str]) -> list[str]:
    """Without repetitions, and without what lies under another root: each file comes once."""
    distinct = list(dict.fromkeys(roots))
    return [
        root
        for root in distinct
        if not any(other != root and under(root, other) for other in distinct)
    ]


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
