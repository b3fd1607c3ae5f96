"""One run of the indexer.

The main thread walks, hands files to a workshop, where they are prepared and encoded, and writes
what comes back. It alone writes, wherever the workshop is.
"""

import time
from collections.abc import Sequence

from lookalike.encoders import Encoder
from lookalike.errors import SourceError
from lookalike.indexer.comeback import comebacks
from lookalike.indexer.ledger import Ledger
from lookalike.indexer.presence import Presence, missing
from lookalike.indexer.progress import Teller, Waits
from lookalike.indexer.scope import scopes
from lookalike.indexer.survey import Survey
from lookalike.indexer.threads import Threads
from lookalike.indexer.workshop import OpenWorkshop, Outcomes, Workshop
from lookalike.source import has_object
from lookalike.store import Store, under
from lookalike.types import IndexSummary, ProgressListener, Rules, Skipped, is_address


def index(  # noqa: PLR0913  one for each thing that a run may differ in
    store: Store,
    encoder: Encoder,
    starts: Sequence[str],
    *,
    rules: Rules | None = None,
    prune: bool = False,
    on_progress: ProgressListener | None = None,
    workshop: OpenWorkshop = Threads,
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
        workshop: where pictures are prepared and encoded.

    Raises:
        SourceError: a root that was never indexed does not exist, a pattern is none, or rules are
            given for a part of a root.
        CollectionBusyError: another writer is at work.
        EncoderError: the encoder does not work at all.
        StoreError: the store cannot be written.
    """
    waits = None if on_progress is None else Waits(on_progress)
    store = store.patient(None if waits is None else waits.wait)
    known = store.roots()
    for start in starts:
        if start not in known:
            _check_is_there(start)
    scopes(starts, known, rules)  # what makes no sense is told before anything is written
    started = time.monotonic()
    with store.write() as writer:
        ledger = Ledger(store, writer)
        back = comebacks(store, starts)
        if back:
            ledger.relocate(back)
        places = scopes([back.get(start, start) for start in starts], store.roots(), rules)
        presence = Presence(store, [place.root for place in places])
        teller = Teller(waits, ledger, places)
        survey = Survey(store, places, presence, ledger, teller)
        teller.start()
        try:
            teller.tell("indexing")
            _read_and_encode(survey, workshop(store, encoder, presence), ledger, teller)
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


def _check_is_there(start: str) -> None:
    if is_address(start):
        try:
            found = has_object(start)
        except SourceError as error:
            raise SourceError(f"{start} cannot be indexed: {error}") from error
        if not found:
            raise SourceError(f"there is nothing at {start}")
    elif missing(start):
        raise SourceError(f"there is no file or folder {start}")


def _read_and_encode(survey: Survey, workshop: Workshop, ledger: Ledger, teller: Teller) -> None:
    """Take every candidate through the workshop, and commit what comes out."""
    with workshop:
        for candidate in survey.candidates():
            _record(workshop.add(candidate), ledger, teller)
        _record(workshop.drain(), ledger, teller)
        ledger.commit()


def _record(outcomes: Outcomes, ledger: Ledger, teller: Teller) -> None:
    for outcome in outcomes:
        if outcome is not None:
            ledger.record(outcome)
        ledger.commit_if_due()
        teller.tell("indexing")
