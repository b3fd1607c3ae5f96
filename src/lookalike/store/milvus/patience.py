"""Waiting for a server that is away, so that a run of hours outlives a restart or a cut network."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from lookalike.errors import StoreUnavailableError

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

    def __init__(self, place: str) -> None:
        self._place = place
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
        with self._lock:
            changed, self._away = self._away != away, away
        if changed and away:
            _log.warning(
                "%s does not answer: waiting for it, up to %.0f seconds", self._place, LASTS_S
            )
        elif changed:
            _log.warning("%s answers again: going on", self._place)


def _nothing() -> None:
    """There is nothing to see to."""
