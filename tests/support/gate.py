"""Holds the encoder back, so that a test can look at an indexer at work."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lookalike.encoders import Encoder
from lookalike.types import Embeddings, Pixels


class Gate:
    """Batches wait at it until it is opened, for some or for good."""

    def __init__(self) -> None:
        self._let_in = threading.Semaphore(0)
        self._open = threading.Event()
        self.reached = threading.Event()

    def let_in(self, batches: int) -> None:
        """Let some batches through."""
        for _ in range(batches):
            self._let_in.release()

    def open(self) -> None:
        """Let everything through from now on."""
        self._open.set()

    def wait(self) -> None:
        """Stand before it, as the encoder does."""
        self.reached.set()
        while not self._open.is_set():
            if self._let_in.acquire(timeout=0.01):
                return


@contextmanager
def gate_before_encoder() -> Iterator[Gate]:
    """Put a gate before all encoders; it is opened at the end."""
    gate, embed = Gate(), Encoder.embed

    def held_back(self: Encoder, batch: Pixels) -> Embeddings:
        gate.wait()
        return embed(self, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Encoder, "embed", held_back)
        try:
            yield gate
        finally:
            gate.open()


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until a callable gives something true.

    Raises:
        AssertionError: it never did.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)
