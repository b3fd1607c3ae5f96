"""The workshop in this process: threads that read and decode, and one that runs the encoder.

At most a fixed number of pictures is in work, so memory does not grow with the collection.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType

from lookalike.encoders import Encoder, cores
from lookalike.indexer.batches import AtOnce, Encoding
from lookalike.indexer.candidates import Candidate
from lookalike.indexer.films import Films
from lookalike.indexer.prepare import Encodable, Prepared, Unrolled, prepare
from lookalike.indexer.presence import Presence
from lookalike.indexer.workshop import Outcomes
from lookalike.source import Media, read_media
from lookalike.store import Store
from lookalike.types import is_address

BATCH = 16

SMALL_BATCH = 8
"""Of an encoder that computes in one thread: more would not stay in one core's cache."""

_FETCHERS = 16
"""Threads that fetch objects: each waits for its storage most of the time."""


class Pipeline:
    """Runs tasks in threads, and what they prepare through the encoder, all overlapping.

    Args:
        encoder: takes the pictures.
        threads: how many run the tasks; with 0 all is done by whoever calls, one after the other.
        read: gives the content of a film's path.
        proven: whether it is known that the encoder works.
    """

    def __init__(
        self,
        encoder: Encoder,
        threads: int,
        read: Callable[[str], Media] = read_media,
        *,
        proven: bool = False,
    ) -> None:
        self._pool: Executor = ThreadPoolExecutor(threads, "decode") if threads else AtOnce()
        self._ahead = 2 * BATCH + threads if threads else 1
        self._preparing: deque[Future[Prepared]] = deque()
        batch = BATCH if threads else SMALL_BATCH
        self._encoding = Encoding(encoder, batch, proven=proven, overlapping=threads > 0)
        self._films = Films(encoder, read)

    def __enter__(self) -> "Pipeline":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._encoding.__exit__(kind, error, trace)

    def add(self, task: Callable[[], Prepared]) -> Outcomes:
        """Take one more task, when there is room; gives what has been finished meanwhile."""
        self._preparing.append(self._pool.submit(task))
        if len(self._preparing) >= self._ahead:
            yield from self._take_first()

    def drain(self) -> Outcomes:
        """Finish everything that was added."""
        while self._preparing:
            yield from self._take_first()
        for outcome in self._encoding.drain():
            yield from self._films.gather(outcome)

    def _take_first(self) -> Outcomes:
        prepared = self._preparing.popleft().result()
        if isinstance(prepared, Encodable):
            yield from self._encode(prepared)
        elif isinstance(prepared, Unrolled):
            for frame in self._films.unroll(prepared):
                yield from self._encode(frame)
            yield from self._films.end(prepared)
        else:
            yield prepared

    def _encode(self, picture: Encodable) -> Outcomes:
        for outcome in self._encoding.add(picture):
            yield from self._films.gather(outcome)
        yield None


class Threads:
    """The workshop in this process."""

    def __init__(self, store: Store, encoder: Encoder, presence: Presence) -> None:
        self._prepare = partial(prepare, store=store, encoder=encoder, presence=presence)
        self._pipeline = Pipeline(encoder, cores())
        self._fetchers = ThreadPoolExecutor(_FETCHERS, "fetch")

    def __enter__(self) -> "Threads":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._fetchers.shutdown(wait=False, cancel_futures=True)
        self._pipeline.__exit__(kind, error, trace)

    def add(self, candidate: Candidate) -> Outcomes:
        """See `Workshop`."""
        if not is_address(candidate.path):
            return self._pipeline.add(partial(self._prepare, candidate))
        fetched = self._fetchers.submit(read_media, candidate.path)
        return self._pipeline.add(partial(self._prepare, candidate, fetched=fetched.result))

    def drain(self) -> Outcomes:
        """See `Workshop`."""
        return self._pipeline.drain()
