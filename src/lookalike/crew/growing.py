"""The workshop of a run that may be short or long: threads first, then a crew."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType

from lookalike.crew.crew import Crew
from lookalike.crew.processes import Processes
from lookalike.decode import is_isolated
from lookalike.encoders import Encoder, cores
from lookalike.errors import LookalikeError
from lookalike.indexer import (
    Candidate,
    Fresh,
    Outcomes,
    Presence,
    Threads,
    Workshop,
)
from lookalike.store import Store

AFTER_S = 2.0
"""How long a run goes on encoding in this process: workers take about a second to start."""


def here(store: Store, encoder: Encoder, presence: Presence) -> Workshop:
    """The workshop of this machine, for `index`."""
    threads = Threads(store, encoder, presence)
    if cores() == 1 or encoder.uses_gpu or is_isolated():
        return threads
    return Growing(threads, lambda: Crew(store, presence, Processes(encoder), proven=True))


class Growing:
    """Begins with one workshop, and goes on with a crew if there is much to do.

    Args:
        threads: where it begins.
        crew: makes the crew, once the encoder has worked.
        after_s: seconds from the first new picture to the hiring.
    """

    def __init__(
        self, threads: Workshop, crew: Callable[[], Crew], after_s: float = AFTER_S
    ) -> None:
        self._now = threads
        self._make = crew
        self._after_s = after_s
        self._first: float | None = None
        self._hired: Crew | None = None
        self._settled = False
        self._stack = ExitStack()

    def __enter__(self) -> "Growing":
        self._stack.enter_context(self._now)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def add(self, candidate: Candidate) -> Outcomes:
        """See `Workshop`."""
        yield from self._noticing(self._now.add(candidate))
        if not self._settled and self._grown():
            yield from self._now.drain()
            assert self._hired is not None  # noqa: S101  as `_grown` says
            self._now = self._hired

    def drain(self) -> Outcomes:
        """See `Workshop`."""
        return self._now.drain()

    def _noticing(self, outcomes: Outcomes) -> Outcomes:
        for outcome in outcomes:
            if self._first is None and isinstance(outcome, Fresh):
                self._first = time.monotonic()
            yield outcome

    def _grown(self) -> bool:
        """Hire when it is time; whether the crew is there and takes over now."""
        if self._first is None or time.monotonic() - self._first < self._after_s:
            return False
        try:
            if self._hired is None:
                self._hired = self._stack.enter_context(self._make())
            self._settled = self._hired.is_ready()
        except (LookalikeError, OSError):  # it can be done without them
            self._settled = True
            return False
        return self._settled
