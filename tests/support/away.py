"""Collections whose server is away, without a server: local ones that wait as those do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lookalike.errors import StoreUnavailableError
from lookalike.store import FileState, LocalStore
from lookalike.store.base import OnWait
from lookalike.store.milvus import patience

SENTENCE = "the server of pictures does not answer: waiting for it, up to 120 seconds"


@contextmanager
def stores_away() -> Iterator[threading.Event]:
    """Runs of the indexer wait at their first folder until the event is set or the context ends."""
    back, real = threading.Event(), LocalStore.states
    waits: list[patience.Patience] = []

    def patient(self: LocalStore, on_wait: OnWait | None = None) -> LocalStore:
        waits.append(patience.Patience("the server of pictures", on_wait))
        return self

    def states(self: LocalStore, folder: str) -> dict[str, FileState]:
        def ask() -> dict[str, FileState]:
            if not back.is_set():
                raise StoreUnavailableError("it does not answer.")
            return real(self, folder)

        return waits[-1].call(ask)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patience, "_FIRST_S", 0.01)
        patch.setattr(patience, "_LONGEST_S", 0.01)
        patch.setattr(LocalStore, "patient", patient)
        patch.setattr(LocalStore, "states", states)
        try:
            yield back
        finally:
            back.set()
