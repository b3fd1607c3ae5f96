"""Known to all that ask a server: that it is away. One asks then, and the others do not wait."""

import threading
from collections.abc import Callable
from typing import TypeVar

from lookalike.errors import StoreUnavailableError

T = TypeVar("T")


class Outage:
    """Lets one at a time try a server that is away. Safe from any thread.

    A network that drops everything answers nothing, so each request finds out by waiting; without
    this, all threads of a server would soon wait for the same.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_away = self._tried = False

    def call(self, ask: Callable[[], T], sentence: str) -> T:
        """What the server answers.

        Raises:
            StoreUnavailableError: it does not; or it did not, and somebody else is trying again:
                then with `sentence`, at once.
        """
        with self._lock:
            if self._is_away and self._tried:
                raise StoreUnavailableError(sentence)
            tries = self._tried = self._is_away
        try:
            found = ask()
        except StoreUnavailableError:
            self._is_away = True
            raise
        else:
            self._is_away = False
            return found
        finally:
            if tries:
                self._tried = False
