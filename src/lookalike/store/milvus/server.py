"""The one way to a Milvus server: its errors as ours, and reads that see what was written."""

import copy
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from lookalike.errors import StoreError
from lookalike.store.base import OnWait
from lookalike.store.milvus.address import Address
from lookalike.store.milvus.entities import Entity
from lookalike.store.milvus.failures import as_ours, away
from lookalike.store.milvus.outage import Outage
from lookalike.store.milvus.patience import Patience
from lookalike.store.milvus.schema import MOST
from lookalike.store.milvus.text import numbers

T = TypeVar("T")

_CONNECT_S = 10.0
_READ_S = 10.0
_WRITE_S = 30.0
"""How long a request may take, while its client tries again: a network may be back by then."""

_DELETE = 10_000
"""Most keys of one deletion."""

_FLUSH_S = 60.0

_PART = 1000
"""Ids that one request names."""

_MESSAGE_BYTES = 16 * 2**20
"""Of one request or answer, about: servers take 64 MiB."""


class Server:
    """A connection, which mends itself when the server comes back. Safe from any thread."""

    def __init__(self, address: Address) -> None:
        """Connect.

        Raises:
            StoreError: the client is not installed, or the server refuses.
            StoreUnavailableError: the server cannot be reached.
        """
        try:
            from pymilvus import MilvusClient, MilvusException
        except ImportError as error:
            raise StoreError(
                "collections on a Milvus server need: pip install 'lookalike[milvus]'"
            ) from error
        # Its client logs what it raises anyway.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        self._failure = MilvusException
        self._address = address
        self._lock = threading.Lock()
        self._written: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        self._outage = Outage()
        self._patience: Patience | None = None
        self.client: Any = self._call(
            MilvusClient,
            uri=address.uri,
            token=address.token,
            db_name=address.database,
            timeout=_CONNECT_S,
        )

    def patient(self, on_wait: OnWait | None = None) -> "Server":
        """The same connection for a long run: what is asked waits for a server that is away."""
        other = copy.copy(self)
        other._patience = Patience(f"the Milvus server of {self._address.shown}", on_wait)
        return other

    def hasty(self) -> "Server":
        """The same connection for who has to know at once that the server is away."""
        other = copy.copy(self)
        other._patience = None
        return other

    @contextmanager
    def guarded(self, check: Callable[[], None]) -> Iterator[None]:
        """Let `check` pass before anything is asked again; afterwards nobody waits any more."""
        if self._patience is None:
            yield
            return
        self._patience.guard = check
        try:
            yield
        finally:
            self._patience.end()

    def wait_for(self, ask: Callable[[], T]) -> T:
        """Ask something as patiently as this server is asked."""
        return ask() if self._patience is None else self._patience.call(ask)

    def has(self, collection: str) -> bool:
        """Whether there is such a collection."""
        return bool(self._call(self.client.has_collection, collection, timeout=_READ_S))

    def make(self, function: Any, *args: object) -> None:  # noqa: ANN401  not typed
        """Let a function make something with the client."""
        self._call(function, self.client, *args)

    def upsert(self, collection: str, entities: Sequence[Entity]) -> None:
        """Insert entities, or replace those with the same key; durable when it returns."""
        batch = self._batch(entities[0]) if entities else 1
        for start in range(0, len(entities), batch):
            self._write("upsert", collection, list(entities[start : start + batch]))

    def delete(self, collection: str, keys: Sequence[int | str]) -> None:
        """Delete by primary key; unknown ones are left out."""
        for start in range(0, len(keys), _DELETE):
            self._write("delete", collection, ids=list(keys[start : start + _DELETE]))

    def catch_up(self, collection: str) -> None:
        """Wait until all that anybody has written can be read, also by reads after this one."""
        self.query(collection, "id > 0", ["id"], limit=1, latest=True)

    def flush(self, collection: str) -> None:
        """Let the server put away what was written and make its index of it, in its own time."""
        self._call(self.client.flush, collection, timeout=_FLUSH_S)

    def index(self, collection: str, field: str) -> dict[str, Any]:
        """The index of a field, as the server describes it; empty where it has none."""
        found = self._call(self.client.describe_index, collection, field, timeout=_FLUSH_S)
        return dict(found or {})

    def count(self, collection: str, condition: str) -> int:
        """The number of entities that fit."""
        found = self._read("query", collection, filter=condition, output_fields=["count(*)"])
        return int(found[0]["count(*)"])

    def query(
        self,
        collection: str,
        condition: str,
        fields: Sequence[str],
        *,
        limit: int = MOST,
        offset: int = 0,
        latest: bool = False,
    ) -> list[Entity]:
        """Entities that fit, by rising key, at most `limit`; `offset + limit` is at most `MOST`.

        Whatever the address says, `latest` sees what anybody has written before.
        """
        found = self._read(
            "query",
            collection,
            filter=condition,
            output_fields=list(fields),
            limit=limit,
            offset=offset,
            latest=latest,
        )
        return [dict(entity) for entity in found]

    def by_ids(
        self, collection: str, ids: Iterable[int], fields: Sequence[str]
    ) -> dict[int, Entity]:
        """The entities with these ids, those that are there, by id."""
        wanted = sorted({int(i) for i in ids})
        found: dict[int, Entity] = {}
        for start in range(0, len(wanted), _PART):
            part = f"id in {numbers(wanted[start : start + _PART])}"
            for entity in self.query(collection, part, fields, limit=_PART):
                found[int(entity["id"])] = entity
        return found

    def every(
        self, collection: str, key: str, condition: str, fields: Sequence[str], batch: int = 4096
    ) -> Iterator[list[Entity]]:
        """All entities that fit, by rising key, in batches.

        Each batch begins after the last key, so whatever is written meanwhile, none comes twice.
        """
        last = "id > 0" if key == "id" else 'key > ""'
        while True:
            found = self.query(collection, f"{last} and ({condition})", fields, limit=batch)
            if found:
                yield found
            if len(found) < batch:
                return
            end = found[-1][key]
            last = f"id > {end}" if key == "id" else f'key > "{end}"'

    def search(
        self,
        collection: str,
        queries: Any,  # noqa: ANN401  an array, as its client takes it
        k: int,
        condition: str,
        parameters: dict[str, int],
    ) -> list[list[tuple[int, float]]]:
        """Ids and inner products of each query's nearest, best first."""
        found = self._read(
            "search",
            collection,
            data=list(queries),
            limit=k,
            filter=condition,
            search_params={"metric_type": "IP", "params": parameters},
        )
        return [[(int(hit["id"]), float(hit["distance"])) for hit in hits] for hits in found]

    def close(self) -> None:
        """Let go of the connection."""
        self.client.close()

    def _batch(self, entity: Entity) -> int:
        vector = entity.get("vector")
        size = 1024 if vector is None else 1024 + 4 * len(vector)
        return max(1, min(4096, _MESSAGE_BYTES // size))

    def _write(self, method: str, *args: object, **named: object) -> None:
        self._call(getattr(self.client, method), *args, timeout=_WRITE_S, **named)
        with self._lock:
            self._written[str(args[0])] += 1

    def _read(self, method: str, *args: object, latest: bool = False, **named: object) -> Any:  # noqa: ANN401
        name = str(args[0])  # each collection is seen for itself
        written = self._written[name]
        level = {"strong": "Strong", "eventual": "Eventually"}.get(
            self._address.consistency, "Bounded"
        )
        if latest or (self._address.consistency == "own" and written != self._seen[name]):
            # The first read after a write waits until all of it can be seen; the others need not.
            level = "Strong"
        call = getattr(self.client, method)
        found = self._call(call, *args, timeout=_READ_S, consistency_level=level, **named)
        with self._lock:
            self._seen[name] = max(self._seen[name], written)
        return found

    def _call(self, function: Any, *args: object, **named: object) -> Any:  # noqa: ANN401
        ask = partial(self._once, function, *args, **named)
        if self._patience is None:
            return self._outage.call(ask, away(self._address.shown))
        return self._patience.call(ask)

    def _once(self, function: Any, *args: object, **named: object) -> Any:  # noqa: ANN401
        try:
            return function(*args, **named)
        except self._failure as error:
            raise as_ours(error, self._address.shown) from error
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "grpc":
                raise
            raise as_ours(error, self._address.shown) from error
