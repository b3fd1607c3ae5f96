"""Waiting for a server that is away, so that a run of hours outlives a restart or a cut network."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from lookalike.errors import StoreUnavailableError
from lookalike.store.base import OnWait

T = TypeVar("T")

LASTS_S = 120.0
"""How long a server may be away."""

_FIRST_S = 0.5
_LONGEST_S = 5.0

_log = logging.getLogger(__name__)


class Patience:
    """Asks again, ever more seldom, where the server does not answer. Safe from any thread.

    Whatever is asked has to be right to ask twice: the first time may have been heard.

    Attributes:
        guard: called before something is asked again; what it raises ends the waiting.
    """

    def __init__(self, place: str, on_wait: OnWait | None = None) -> None:
        """Wait for a place, as it is called in sentences; see `OnWait`."""
        self._place = place
        self._on_wait = on_wait
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._away = self._ran_out = False
        self.guard: Callable[[], None] = _nothing

    def call(self, ask: Callable[[], T]) -> T:
        """What the server answers, once it does.

        Raises:
            StoreUnavailableError: it was away for too long, or nobody waits any more.
        """
        began, pause = time.monotonic(), _FIRST_S
        guard = _nothing
        while True:
            try:
                guard()
                found = ask()
            except StoreUnavailableError as error:
                if time.monotonic() - began >= LASTS_S:
                    self._ran_out = True
                    self.end()
                if self._ran_out:
                    raise StoreUnavailableError(
                        f"{error} It was waited for up to {LASTS_S:.0f} s; what was written stays, "
                        "and the same command goes on from there"
                    ) from error
                if self._over.is_set():
                    raise
                self._tell(away=True)
                self._over.wait(pause)
                guard, pause = self.guard, min(2 * pause, _LONGEST_S)
            else:
                self._tell(away=False)
                return found

    def end(self) -> None:
        """Let nobody wait any more, from now on."""
        self._over.set()

    def _tell(self, *, away: bool) -> None:
        with self._lock:  # held to the end, so that what is told last is so
            if self._away == away:
                return
            self._away = away
            waits = f"{self._place} does not answer: waiting for it, up to {LASTS_S:.0f} seconds"
            _log.warning("%s", waits if away else f"{self._place} answers again: going on")
            if self._on_wait is not None:
                self._on_wait(waits if away else None)


def _nothing() -> None:
    """There is nothing to see to."""
