"""One run of the indexer.

The main thread walks, hands files to worker threads, gathers what they prepare into batches, and
writes; one more thread runs the encoder, so that decoding, inference and writing overlap. At most
a fixed number of pictures is in flight, so memory does not grow with the collection.
"""

import os
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from lookalike.encoders import Encoder
from lookalike.errors import SourceError
from lookalike.indexer.batches import Encoding
from lookalike.indexer.comeback import comebacks
from lookalike.indexer.films import Films
from lookalike.indexer.ledger import Ledger
from lookalike.indexer.prepare import Encodable, Prepared, Unrolled, prepare
from lookalike.indexer.presence import Presence, missing
from lookalike.indexer.progress import Teller
from lookalike.indexer.scope import scopes
from lookalike.indexer.survey import Survey
from lookalike.store import Store, under
from lookalike.types import IndexSummary, ProgressListener, Rules, Skipped

BATCH = 16


def index(
    store: Store,
    encoder: Encoder,
    starts: Sequence[str],
    *,
    rules: Rules | None = None,
    prune: bool = False,
    on_progress: ProgressListener | None = None,
) -> IndexSummary:
    """Bring the store up to date with the pictures under `starts`.

    Whatever was committed before an interruption stays, and the next run goes on from there.

    Args:
        store: where to.
        encoder: the encoder of the store.
        starts: absolute paths of folders or files: roots, new ones, or what lies under one. Roots
            that are away and are found elsewhere, on another drive or among the starts, go on
            there.
        rules: which files under the starts are indexed, from now on; None keeps to the rules that
            they have.
        prune: also forget pictures whose root or mount point is empty or missing.
        on_progress: called from this thread; see `ProgressListener`.

    Raises:
        SourceError: a root that was never indexed does not exist, a pattern is none, or rules are
            given for a part of a root.
        CollectionBusyError: another writer is at work.
        EncoderError: the encoder does not work at all.
        StoreError: the store cannot be written.
    """
    known = store.roots()
    for start in starts:
        if missing(start) and start not in known:
            raise SourceError(f"there is no file or folder {start}")
    scopes(starts, known, rules)  # what makes no sense is told before anything is written
    started = time.monotonic()
    with store.write() as writer:
        ledger = Ledger(writer)
        back = comebacks(store, starts)
        if back:
            ledger.relocate(back)
        places = scopes([back.get(start, start) for start in starts], store.roots(), rules)
        presence = Presence(store, [place.root for place in places])
        teller = Teller(on_progress, ledger, places)
        survey = Survey(store, places, presence, ledger, teller)
        teller.start()
        try:
            teller.tell("indexing")
            _read_and_encode(survey, store, encoder, presence, ledger, teller)
            survey.forget_gone(prune=prune)
        finally:
            teller.stop()
            ledger.commit()
        teller.tell("finishing")
    skipped = [
        Skipped(skip.path, skip.reason)
        for skip in store.skipped()
        if any(under(skip.path, place.start) for place in places)
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


def _read_and_encode(
    survey: Survey,
    store: Store,
    encoder: Encoder,
    presence: Presence,
    ledger: Ledger,
    teller: Teller,
) -> None:
    """Take every candidate through the pipeline, and commit what comes out."""
    workers = _cores()
    preparing: deque[Future[Prepared]] = deque()
    films = Films(store, encoder)
    with ThreadPoolExecutor(workers, "decode") as pool, Encoding(encoder, BATCH) as encoding:

        def encode(picture: Encodable) -> None:
            for outcome in encoding.add(picture):
                ledger.record_all(films.gather(outcome))
            ledger.commit_if_due()
            teller.tell("indexing")

        def take_first() -> None:
            prepared = preparing.popleft().result()
            if isinstance(prepared, Encodable):
                encode(prepared)
            elif isinstance(prepared, Unrolled):
                for frame in films.unroll(prepared):
                    encode(frame)
                ledger.record_all(films.end(prepared))
            else:
                ledger.record(prepared)
            ledger.commit_if_due()
            teller.tell("indexing")

        try:
            for candidate in survey.candidates():
                preparing.append(pool.submit(prepare, candidate, store, encoder, presence))
                if len(preparing) >= 2 * BATCH + workers:
                    take_first()
            while preparing:
                take_first()
            for outcome in encoding.drain():
                ledger.record_all(films.gather(outcome))
            ledger.commit()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
