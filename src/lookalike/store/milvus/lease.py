"""The right to write to a collection, which several machines may want at once.

Milvus has no locks and no transactions, but one entry is written whole. Whoever wants to write puts
his name into the entry `lease`, waits longer than anybody takes between looking and writing, and
looks again: if the name is still his, everybody else saw it. He renews it while he works; one that
was not renewed for `LASTS_S` is nobody's. Clocks of the machines have to agree to a few seconds.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from lookalike.errors import CollectionBusyError, StoreError
from lookalike.store.milvus.catalogue import Catalogue

LASTS_S = 60.0
_RENEW_S = 15.0
_QUICK_S = 1.0
"""Longest from looking at the entry to having written it: else somebody may have come since."""

_SETTLE_S = 1.0
"""How long after that others may come who looked before it; at least `_QUICK_S`."""


class Lease:
    """Held by the one writer."""

    def __init__(self, catalogue: Catalogue, place: str) -> None:
        self._catalogue = catalogue
        self._place = place
        self._owner = secrets.token_hex(8)
        self._lost = threading.Event()
        self._runs_out = 0.0

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be the writer until the context ends.

        Raises:
            CollectionBusyError: another one is.
            StoreError: the server cannot be reached.
        """
        began = time.monotonic()
        if (holder := self._other()) is not None:
            raise self._busy(holder)
        self._sign()
        if time.monotonic() - began > _QUICK_S:
            raise CollectionBusyError(
                f"the server of {self._place} is too slow to agree on one writer; try again"
            )
        time.sleep(_SETTLE_S)
        if (holder := self._other()) is not None:
            raise self._busy(holder)
        ended = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(ended,), daemon=True, name="lease")
        renewing.start()
        try:
            yield
        finally:
            ended.set()
            renewing.join()
            with suppress(StoreError):
                if not self._lost.is_set():
                    self._catalogue.delete(["lease"])

    def check(self) -> None:
        """Refuse to write any more where the lease was lost meanwhile.

        Raises:
            CollectionBusyError: it was.
            StoreUnavailableError: the server does not answer.
        """
        lost = self._lost.is_set() or self._other() is not None
        if not lost and time.monotonic() > self._runs_out:
            # It ran out while the server was away: somebody may be about to take it.
            self._sign()
            time.sleep(_SETTLE_S)
            lost = self._other() is not None
        if lost:
            self._lost.set()
            raise CollectionBusyError(
                f"another process has begun to write to {self._place}, as this one was not heard "
                "of for a while; run it again"
            )

    def _other(self) -> dict[str, Any] | None:
        """Who holds it, if it is somebody else who may be at work."""
        found = self._catalogue.get("lease", latest=True)
        if found is None or found["owner"] == self._owner or time.time() > found["until"]:
            return None
        if found["host"] == socket.gethostname() and not _is_running(int(found["process"])):
            return None  # killed, which needs no waiting to be known
        return found

    def _busy(self, holder: dict[str, Any]) -> CollectionBusyError:
        return CollectionBusyError(
            f"another process is writing to {self._place} (process {holder['process']} on "
            f"{holder['host']}); wait for it to end, or stop it"
        )

    def _sign(self) -> None:
        runs_out = time.monotonic() + LASTS_S
        self._catalogue.put(
            "lease",
            {
                "owner": self._owner,
                "host": socket.gethostname(),
                "process": os.getpid(),
                "until": time.time() + LASTS_S,
            },
        )
        self._runs_out = runs_out

    def _renew(self, ended: threading.Event) -> None:
        while not ended.wait(_RENEW_S):
            with suppress(StoreError):  # the next time may do, and `check` tells
                if self._other() is not None:
                    self._lost.set()
                    return
                self._sign()


def _is_running(process: int) -> bool:
    if os.name == "nt":  # there, to ask would be to end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
