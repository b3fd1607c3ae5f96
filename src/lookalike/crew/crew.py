"""Workers as the workshop of a run: hands parcels to them, and takes back what became of each.

A parcel goes through a worker twice. First its files are read and hashed, then the store, which is
here, is asked which contents it knows, and the others are decoded and encoded. Until its results
have come the driver keeps it, so that one whose worker dies begins anew with another; and nothing
is written but what has come back, so nothing is written twice.
"""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from types import TracebackType
from typing import Literal

from lookalike.crew.parcel import BYTES, PICTURES, Finished, Parcel
from lookalike.crew.staff import AT_ONCE, Handle, Share, Staff, Ticket, WorkerDied
from lookalike.errors import ClusterError, SourceError
from lookalike.indexer import (
    Candidate,
    FilmDone,
    Fresh,
    Outcome,
    Outcomes,
    Presence,
    recognise,
    refused,
    with_sidecars,
)
from lookalike.source import read_media
from lookalike.store import Store

_TELL_S = 0.1
"""How often, at least, the loop that called hears that time has passed."""

_PATIENCE_S = 600.0
"""How long no worker at all may be there: a cluster may have to fetch a machine first."""

_SUSPECT = 2
"""Workers that died with a parcel before its pictures go alone, each to a worker of its own."""

_GUILTY = _SUSPECT + 2
"""Workers that died with a picture before it is refused."""

_STILLBORN = 3
"""Workers that die before they were ready, one after the other, before we give up."""

_LOOKUPS = 8
"""Threads that ask the store, each for its part of a parcel: one on another machine takes its
time to answer."""


@dataclass(slots=True, eq=False)
class _Hand:
    """A worker as the driver sees it.

    Attributes:
        share: what it asks of a node.
        worker: the staff's handle.
        ready: whether its model is loaded.
        parcels: what it has, by number.
    """

    share: Share
    worker: Handle
    ready: bool = False
    parcels: dict[int, Parcel] = field(default_factory=dict)

    @property
    def has_room(self) -> bool:
        """Whether it takes another parcel; one under suspicion is alone with it."""
        suspect = any(parcel.deaths >= _SUSPECT for parcel in self.parcels.values())
        return self.ready and not suspect and len(self.parcels) < AT_ONCE


@dataclass(frozen=True, slots=True)
class _Call:
    """What a worker was asked to do."""

    hand: _Hand
    what: Literal["set up", "read", "finish"]
    number: int = -1


class Crew:
    """Workers as the workshop of a run; see `Workshop`.

    Args:
        store: knows contents.
        presence: knows what is gone.
        staff: where the workers come from.
        proven: whether it is known that the encoder works.
    """

    def __init__(
        self, store: Store, presence: Presence, staff: Staff, *, proven: bool = False
    ) -> None:
        self._store = store
        self._presence = presence
        self._staff = staff
        self._filling = Parcel([])
        self._filling_bytes = 0
        self._waiting: deque[Parcel] = deque()
        self._numbers = count()
        self._hands: list[_Hand] = []
        self._calls: dict[Ticket, _Call] = {}
        self._proven = proven
        self._stillborn = 0
        self._alive_at = time.monotonic()
        self._threads = ThreadPoolExecutor(_LOOKUPS, "ask")

    def __enter__(self) -> "Crew":
        self._staff.__enter__()
        for share in self._staff.shares():
            self._hire(share)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for hand in self._hands:
            self._staff.dismiss(hand.worker)
        self._staff.__exit__(kind, error, trace)

    def is_ready(self) -> bool:
        """Whether every worker has its model by now; to be asked before anything is added.

        Raises:
            ClusterError: the workers cannot start.
            EncoderError: the encoder does not work at all.
        """
        for _ in self._turn(0):
            pass
        return all(hand.ready for hand in self._hands)

    def add(self, candidate: Candidate) -> Outcomes:
        """See `Workshop`."""
        self._filling.candidates.append(candidate)
        self._filling_bytes += candidate.size
        if len(self._filling.candidates) >= PICTURES or self._filling_bytes >= BYTES:
            self._close_parcel()
            yield from self._turn(0)
            while self._waiting:
                yield from self._turn(_TELL_S)

    def drain(self) -> Outcomes:
        """See `Workshop`."""
        self._close_parcel()
        while self._waiting or any(hand.parcels for hand in self._hands):
            yield from self._turn(_TELL_S)

    def _close_parcel(self) -> None:
        if self._filling.candidates:
            self._waiting.append(self._filling)
        self._filling, self._filling_bytes = Parcel([]), 0

    def _turn(self, patience_s: float) -> Outcomes:
        """Hand out what waits, and take what has been done; waits as long for the first of it."""
        self._hand_out()
        for ticket in self._staff.answered(list(self._calls), patience_s):
            call = self._calls.pop(ticket, None)
            if call is None:  # of a worker that has died meanwhile
                continue
            try:
                answer = self._staff.answer(ticket)
            except WorkerDied as error:
                yield from self._bury(call.hand, error)
                continue
            if call.what == "set up":
                call.hand.ready = True
                self._stillborn = 0
            elif call.what == "read":
                self._go_on(call, answer)
            else:
                yield from self._take(call, answer)
        if any(hand.ready for hand in self._hands):
            self._alive_at = time.monotonic()
        elif time.monotonic() - self._alive_at > _PATIENCE_S:
            raise ClusterError(
                f"no {self._staff.name} has started in {_PATIENCE_S / 60:.0f} minutes: "
                f"{self._staff.where_to_look}"
            )
        yield None

    def _hand_out(self) -> None:
        """Each parcel that waits goes to the worker with the fewest, while one has room."""
        while self._waiting:
            free = [hand for hand in self._hands if hand.has_room]
            if self._waiting[0].deaths >= _SUSPECT:
                free = [hand for hand in free if not hand.parcels]
            if not free:
                return
            hand = min(free, key=lambda hand: len(hand.parcels))
            parcel, number = self._waiting.popleft(), next(self._numbers)
            hand.parcels[number] = parcel
            asked = "read", number, parcel.as_sent(), parcel.contents
            self._calls[self._staff.ask(hand.worker, *asked)] = _Call(hand, "read", number)

    def _go_on(self, call: _Call, digests: Sequence[bytes | None]) -> None:
        """A parcel was read: say which of its contents are known."""
        parcel = call.hand.parcels[call.number]
        parcel.digests = digests
        known: frozenset[int] = frozenset()
        if not parcel.new:
            parts = [range(part, len(digests), _LOOKUPS) for part in range(_LOOKUPS)]
            answers = self._threads.map(partial(self._known, digests), parts)
            known = frozenset().union(*answers)
        asked = "finish", call.number, known, self._proven
        self._calls[self._staff.ask(call.hand.worker, *asked)] = _Call(
            call.hand, "finish", call.number
        )

    def _known(self, digests: Sequence[bytes | None], part: Iterable[int]) -> list[int]:
        """The positions among `part` whose content the store has."""
        return [at for at in part if (one := digests[at]) and self._store.by_digest(one)]

    def _take(self, call: _Call, finished: Finished) -> Outcomes:
        """A parcel is done: give its outcomes, and begin again with what has none."""
        parcel = call.hand.parcels.pop(call.number)
        self._proven = self._proven or any(isinstance(one, Fresh) for one in finished.outcomes)
        for outcome in finished.outcomes:
            yield _with_sidecars(outcome, parcel)
        for at, digest in enumerate(parcel.digests):
            if digest is None:
                yield from self._send(parcel.candidates[at])
            elif at in finished.details:
                details = partial(finished.details.__getitem__, at)
                known = recognise(
                    parcel.candidates[at], digest, details, self._store, self._presence
                )
                if known is None:  # the store has lost that content meanwhile
                    self._waiting.append(replace(parcel.of(at), new=True))
                else:
                    yield known

    def _send(self, candidate: Candidate) -> Outcomes:
        """Read here what a worker could not see, as it would be without one, and send it along."""
        try:
            media = read_media(candidate.path)
        except SourceError as error:
            yield refused(candidate.path, candidate.mtime_ns, str(error))
            return
        if isinstance(media, bytes):
            self._waiting.append(Parcel([candidate], {0: media}))
        else:
            yield refused(candidate.path, candidate.mtime_ns, self._staff.unseen_film)

    def _hire(self, share: Share) -> None:
        hand = _Hand(share, self._staff.hire(share))
        self._hands.append(hand)
        self._calls[self._staff.begin(hand.worker, share)] = _Call(hand, "set up")

    def _bury(self, hand: _Hand, error: WorkerDied) -> Outcomes:
        """A worker has died, or its node: what it had begins anew, and another one is asked for."""
        self._hands.remove(hand)
        self._calls = {one: call for one, call in self._calls.items() if call.hand is not hand}
        self._staff.dismiss(hand.worker)
        self._stillborn += not hand.ready
        if self._stillborn >= _STILLBORN:
            raise ClusterError(
                f"each {self._staff.name} dies before it has begun: {error} "
                f"({self._staff.where_to_look})"
            )
        for parcel in hand.parcels.values():
            yield from self._retry(parcel)
        self._hire(hand.share)

    def _retry(self, parcel: Parcel) -> Outcomes:
        parcel.deaths += 1
        if parcel.deaths < _SUSPECT:
            self._waiting.appendleft(parcel)
        elif len(parcel.candidates) > 1:
            self._waiting.extend(map(parcel.of, range(len(parcel.candidates))))
        elif parcel.deaths < _GUILTY:
            self._waiting.append(parcel)
        else:
            [candidate] = parcel.candidates
            reason = f"each {self._staff.name} that took it has died: it may crash a decoder"
            yield refused(candidate.path, candidate.mtime_ns, reason)


def _with_sidecars(outcome: Outcome, parcel: Parcel) -> Outcome:
    """With the keywords of sidecars, which do not go along where contents are sent."""
    sidecars = {one.path: one.sidecars for one in parcel.candidates} if parcel.contents else {}
    if isinstance(outcome, Fresh):
        return replace(outcome, file=with_sidecars(outcome.file, sidecars.get(outcome.file.path)))
    if isinstance(outcome, FilmDone):
        files = [with_sidecars(file, sidecars.get(file.path)) for file in outcome.files]
        return replace(outcome, files=tuple(files))
    return outcome
