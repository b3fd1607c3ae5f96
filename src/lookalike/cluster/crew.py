"""The workshop on a Ray cluster: hands parcels to workers, and takes back what became of them.

A parcel goes through a worker twice. First its files are read and hashed, then the store, which is
here, is asked which contents it knows, and the others are decoded and encoded. Until its results
have come the driver keeps it, so that one whose worker dies begins anew with another; and nothing
is written but what has come back, so nothing is written twice.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from types import TracebackType
from typing import Any, Literal

import ray
from ray.exceptions import RayError, RayTaskError

from lookalike.cluster.model import ModelFiles
from lookalike.cluster.parcel import BYTES, PICTURES, Finished, Parcel
from lookalike.cluster.share import Share, shares
from lookalike.cluster.worker import READERS, Worker
from lookalike.encoders import Encoder
from lookalike.errors import ClusterError, LookalikeError, SourceError
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

_AT_ONCE = 3
"""Parcels a worker has at once: one is read while one is encoded and one ends."""

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
"""Threads that ask the store: one on another machine takes its time to answer."""


@dataclass(slots=True, eq=False)
class _Hand:
    """A worker as the driver sees it.

    Attributes:
        share: what it asks of a node.
        actor: Ray's handle.
        ready: whether its model is loaded.
        parcels: what it has, by number.
    """

    share: Share
    actor: Any
    ready: bool = False
    parcels: dict[int, Parcel] = field(default_factory=dict)

    @property
    def has_room(self) -> bool:
        """Whether it takes another parcel; one under suspicion is alone with it."""
        suspect = any(parcel.deaths >= _SUSPECT for parcel in self.parcels.values())
        return self.ready and not suspect and len(self.parcels) < _AT_ONCE


@dataclass(frozen=True, slots=True)
class _Call:
    """What a worker was asked to do."""

    hand: _Hand
    what: Literal["set up", "read", "finish"]
    number: int = -1


class Crew:
    """Workers on a Ray cluster as the workshop of a run; see `Workshop`.

    Args:
        store: knows contents.
        encoder: every worker gets its files.
        presence: knows what is gone.
        worker_cpus: see `shares`.
    """

    def __init__(
        self, store: Store, encoder: Encoder, presence: Presence, worker_cpus: int | None = None
    ) -> None:
        self._store = store
        self._presence = presence
        self._encoder = encoder
        self._cpus = worker_cpus
        self._filling = Parcel([])
        self._filling_bytes = 0
        self._waiting: deque[Parcel] = deque()
        self._numbers = count()
        self._hands: list[_Hand] = []
        self._calls: dict[Any, _Call] = {}
        self._model: Any = None
        self._proven = False
        self._stillborn = 0
        self._alive_at = time.monotonic()
        self._threads = ThreadPoolExecutor(_LOOKUPS, "ask")

    def __enter__(self) -> "Crew":
        self._model = ray.put(ModelFiles.of(self._encoder))
        nodes = [node["Resources"] for node in _nodes() if node["Alive"]]
        for share in shares(nodes, self._cpus):
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
            with suppress(RayError):
                ray.kill(hand.actor)

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
        calls = list(self._calls)
        done = ray.wait(calls, num_returns=1, timeout=patience_s)[0] if calls else []
        for ref in done:
            call = self._calls.pop(ref, None)
            if call is None:  # of a worker that has died meanwhile
                continue
            try:
                answer = ray.get(ref)
            except RayTaskError as error:
                raise _cause(error) from error
            except RayError as error:
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
                f"no Ray worker has started in {_PATIENCE_S / 60:.0f} minutes: see with `ray "
                "status` whether the cluster has free processors"
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
            ref = hand.actor.read.remote(number, parcel.as_sent(), parcel.contents)
            self._calls[ref] = _Call(hand, "read", number)

    def _go_on(self, call: _Call, digests: Sequence[bytes | None]) -> None:
        """A parcel was read: say which of its contents are known."""
        parcel = call.hand.parcels[call.number]
        parcel.digests = digests
        known: frozenset[int] = frozenset()
        if not parcel.new:
            answers = self._threads.map(self._knows, digests)
            known = frozenset(at for at, answer in enumerate(answers) if answer)
        ref = call.hand.actor.finish.remote(call.number, known, proven=self._proven)
        self._calls[ref] = _Call(call.hand, "finish", call.number)

    def _knows(self, digest: bytes | None) -> bool:
        return digest is not None and bool(self._store.by_digest(digest))

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
            reason = "the Ray workers cannot see this film: mount its folder there, too"
            yield refused(candidate.path, candidate.mtime_ns, reason)

    def _hire(self, share: Share) -> None:
        actor = (
            ray.remote(Worker)
            .options(num_cpus=share.cpus, num_gpus=share.gpus, max_concurrency=_AT_ONCE + 1)
            .remote(share.cpus)
        )
        hand = _Hand(share, actor)
        self._hands.append(hand)
        ref = hand.actor.set_up.remote(self._model, READERS, gpu=share.gpus > 0)
        self._calls[ref] = _Call(hand, "set up")

    def _bury(self, hand: _Hand, error: RayError) -> Outcomes:
        """A worker has died, or its node: what it had begins anew, and another one is asked for."""
        self._hands.remove(hand)
        self._calls = {ref: call for ref, call in self._calls.items() if call.hand is not hand}
        with suppress(RayError):
            ray.kill(hand.actor)
        self._stillborn += not hand.ready
        if self._stillborn >= _STILLBORN:
            raise ClusterError(
                f"the Ray workers die before they have begun: {_first_line(error)} (Lookalike has "
                "to be installed on every node)"
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
            reason = "each Ray worker that took it has died: it may crash a decoder"
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


def _nodes() -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return nodes


def _cause(error: RayTaskError) -> BaseException:
    """What a worker raised, if it is ours."""
    cause = error.cause
    if isinstance(cause, LookalikeError):
        return cause
    return ClusterError(f"a Ray worker failed: {_first_line(cause or error)}")


def _first_line(error: BaseException) -> str:
    lines: Iterator[str] = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)
