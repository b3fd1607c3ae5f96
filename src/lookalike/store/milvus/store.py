"""A collection on a Milvus server, for what outgrows one machine or is searched by several."""

import copy
import itertools
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import numpy as np

from lookalike.encoders.spec import EncoderIdentity
from lookalike.errors import CollectionNotFoundError, StoreError
from lookalike.store.base import FileState, Neighbours, OnWait, SkippedFile, StoredFile
from lookalike.store.checks import check_known, check_query
from lookalike.store.facets import besides, make_facets, month_of
from lookalike.store.milvus import schema
from lookalike.store.milvus.address import parse_address
from lookalike.store.milvus.catalogue import Catalogue, in_folder
from lookalike.store.milvus.entities import Entity, stored_file
from lookalike.store.milvus.filters import EVERYTHING, condition
from lookalike.store.milvus.lease import Lease
from lookalike.store.milvus.schema import MOST, SCALARS
from lookalike.store.milvus.server import Server
from lookalike.store.milvus.text import numbers
from lookalike.store.milvus.writer import MilvusWriter
from lookalike.store.where import camera_key, matches
from lookalike.types import Embeddings, Facets, Ids, Rules, Where

_NOTHING = "id < 0"
_PART = 1000
_WORTH_AN_INDEX = 4000
"""Pictures of a writer after which the server is told to make its index. Below about 5,000 it looks
at every new one; more get a coarse index of its own, which finds three of four true neighbours,
until it makes the real one, and left alone it waits for minutes."""

_OVERHEAD = 400
"""Bytes of a picture beside its vector, about."""


class MilvusStore:
    """Implements `Store` on Milvus; see `schema.py` for what is where."""

    def __init__(self, address: str, recall: float = 0.99) -> None:
        """Open a collection; see `create` and `exists`.

        Args:
            address: see `parse_address`.
            recall: the share of the true nearest that a search should find.

        Raises:
            CollectionNotFoundError: there is none of that name.
            StoreUnavailableError: the server cannot be reached.
            StoreError: the address makes no sense, or the collection cannot be used.
        """
        self._address = parse_address(address)
        self._recall = recall
        self._server = Server(self._address)
        self._name = self._address.name
        if not self._server.has(self._name):
            self._server.close()
            raise CollectionNotFoundError(
                f"there is no collection at {self._address.shown}; make one with: "
                f"lookalike index FOLDER -c {self._address.shown}"
            )
        self._catalogue = Catalogue(self._server, self._name)
        self._encoder, self._encoder_source = self._catalogue.meta()
        self._index = self._server.index(self._name, "vector")
        self._counted: dict[Where | None, tuple[tuple[int, int], Facets]] = {}
        self._counting = threading.Lock()

    @staticmethod
    def exists(address: str) -> bool:
        """Whether there is a collection of that name.

        Raises:
            StoreUnavailableError: the server cannot be reached.
            StoreError: the address makes no sense.
        """
        parsed = parse_address(address)
        server = Server(parsed)
        try:
            return server.has(parsed.name)
        finally:
            server.close()

    @classmethod
    def create(cls, address: str, encoder: EncoderIdentity, encoder_source: str) -> "MilvusStore":
        """Make an empty collection for the embeddings of one encoder.

        Raises:
            StoreUnavailableError: the server cannot be reached.
            StoreError: there is one already, or the server refuses.
        """
        parsed = parse_address(address)
        server = Server(parsed)
        try:
            if server.has(parsed.name):
                raise StoreError(f"there is a collection at {parsed.shown} already")
            if not server.has(schema.catalogue(parsed.name)):
                server.make(schema.create_catalogue, parsed)
            Catalogue(server, parsed.name).begin(encoder, encoder_source)
            # Last, as it is what tells that there is a collection.
            server.make(schema.create_pictures, parsed, encoder.dimension)
        finally:
            server.close()
        return cls(address)

    @property
    def location(self) -> str:
        return self._address.shown

    @property
    def encoder(self) -> EncoderIdentity:
        return self._encoder

    @property
    def encoder_source(self) -> str:
        return self._encoder_source

    @property
    def layers(self) -> None:
        return None

    def patient(self, on_wait: OnWait | None = None) -> "MilvusStore":
        other = copy.copy(self)
        other._server = self._server.patient(on_wait)
        other._catalogue = Catalogue(other._server, self._name)
        return other

    @contextmanager
    def write(self) -> Iterator[MilvusWriter]:
        # Its time runs, so it must not wait.
        lease = Lease(Catalogue(self._server.hasty(), self._name), self.location)
        with lease.hold(), self._server.guarded(lease.check):
            # A writer that overlooks what the one before it has written would write it twice.
            self._server.catch_up(self._name)
            writer = MilvusWriter(
                self._server, self._catalogue, self._name, self._encoder.dimension, lease
            )
            yield writer
            if writer.written >= _WORTH_AN_INDEX:
                with suppress(StoreError):  # all is written; the server does it later by itself
                    self._server.flush(self._name)

    def set_labels(self, labels: Mapping[int, Sequence[str]]) -> None:
        check_known(list(labels), len(self._server.by_ids(self._name, list(labels), ["id"])))
        # Those that go must not decide over how those that come are written.
        self._catalogue.put_labels(labels, anew=True)

    def labels(self, ids: Sequence[int]) -> dict[int, list[str]]:
        return self._catalogue.labels(ids)

    def count(self, where: Where | None = None) -> int:
        return self._server.count(self._name, self._condition(where))

    def facets(self, where: Where | None = None) -> Facets:
        """What there is to filter by; the server cannot count values, so all pictures are read.

        The answer is kept until the collection changes.
        """
        with self._counting:
            state = self.state()
            kept = self._counted.get(where)
            if kept is None or kept[0] != state:
                self._counted = {w: k for w, k in self._counted.items() if k[0] == state}
                self._counted[where] = state, self._facets(where)
            return self._counted[where][1]

    def _facets(self, where: Where | None) -> Facets:
        labels = dict(self._catalogue.all_labels())
        filters = besides(where)
        counts: dict[str, Counter[str]] = {name: Counter() for name in filters}
        spelling: dict[str, str] = {}
        total = 0
        for batch in self._server.every(self._name, "id", EVERYTHING, SCALARS):
            for stored in map(stored_file, batch):
                file, own = stored.file, labels.get(stored.id, ())
                total += where is None or matches(where, file, own)
                camera = file.camera
                if camera is not None:
                    key = camera_key(camera)
                    spelling[key] = min(spelling.get(key, camera), camera)
                values = {
                    "folders": (os.path.dirname(file.path),),
                    "formats": (file.format.upper(),),
                    "labels": own,
                    "cameras": () if camera is None else (camera_key(camera),),
                    "months": (month_of(file),),
                }
                for name, others in filters.items():
                    if matches(others, file, own):
                        counts[name].update(v for v in values[name] if v is not None)
        counts["cameras"] = Counter(
            {spelling[key]: count for key, count in counts["cameras"].items()}
        )
        return make_facets(counts, list(self.roots()), total)

    def state(self) -> tuple[int, int]:
        found = self._catalogue.get("state")
        return self.count(), 0 if found is None else int(found["number"])

    def size_bytes(self) -> int:
        """Bytes on the server, about: it does not tell."""
        return self.count() * (4 * self._encoder.dimension + _OVERHEAD)

    def roots(self) -> dict[str, Rules]:
        return self._catalogue.roots()

    def folders(self, root: str) -> dict[str, int]:
        return self._catalogue.folders(root)

    def states(self, folder: str) -> dict[str, FileState]:
        found: dict[str, FileState] = {}
        for batch in self._server.every(self._name, "id", in_folder(folder), SCALARS):
            for stored in map(stored_file, batch):
                name = os.path.basename(stored.file.path)
                if name in found:
                    first = found[name]
                    found[name] = first._replace(frames=(*first.frames, stored.id))
                else:
                    file = stored.file
                    found[name] = FileState(stored.id, file.size, file.mtime_ns, "", file.details)
        for skip in self._catalogue.skipped(in_folder(folder)):
            found[os.path.basename(skip.path)] = FileState(
                None, skip.size, skip.mtime_ns, skip.reader
            )
        return found

    def skipped(self) -> list[SkippedFile]:
        return sorted(self._catalogue.skipped(), key=lambda skip: os.fsencode(skip.path))

    def get(self, ids: Sequence[int]) -> list[StoredFile]:
        found = {
            i: stored_file(e) for i, e in self._server.by_ids(self._name, ids, SCALARS).items()
        }
        return [found[int(i)] for i in ids if int(i) in found]

    def page(self, offset: int, limit: int, where: Where | None = None) -> list[StoredFile]:
        fits = self._condition(where)
        if offset + limit <= MOST:
            found = self._server.query(self._name, fits, SCALARS, limit=limit, offset=offset)
            return [stored_file(entity) for entity in found] if limit else []
        # The server passes over no more than that: the ids are read, which is little each.
        ids = itertools.chain.from_iterable(
            self._server.every(self._name, "id", fits, ["id"], MOST)
        )
        wanted = [int(e["id"]) for e in itertools.islice(ids, offset, offset + limit)]
        return self.get(wanted)

    def by_digest(self, digest: bytes) -> list[StoredFile]:
        found = self._server.query(self._name, f'digest == "{digest.hex()}"', SCALARS)
        return [stored_file(entity) for entity in found]

    def vectors(self, ids: Sequence[int]) -> Embeddings:
        found = self._server.by_ids(self._name, ids, ["id", "vector"])
        check_known([int(i) for i in ids], len(found))
        return self._matrix([found[int(i)] for i in ids])

    def scan(
        self, batch_size: int = 4096, where: Where | None = None
    ) -> Iterator[tuple[list[StoredFile], Embeddings]]:
        batches = self._server.every(
            self._name, "id", self._condition(where), (*SCALARS, "vector"), min(batch_size, _PART)
        )
        waiting: list[Entity] = []
        for batch in batches:
            waiting += batch
            while len(waiting) >= batch_size:
                part, waiting = waiting[:batch_size], waiting[batch_size:]
                yield [stored_file(entity) for entity in part], self._matrix(part)
        if waiting:
            yield [stored_file(entity) for entity in waiting], self._matrix(waiting)

    def search(
        self, queries: Embeddings, k: int, *, where: Where | None = None, ids: Ids | None = None
    ) -> Neighbours:
        check_query(queries, k, self._encoder.dimension)
        fits = self._condition(where)
        if ids is not None:
            fits = f"({fits}) and id in {numbers(ids.tolist())}" if len(ids) else _NOTHING
        if len(queries) == 0:
            return _neighbours([], 0)
        k = min(k, MOST)
        found = self._server.search(
            self._name,
            np.asarray(queries, np.float32),
            k,
            "" if fits == EVERYTHING else fits,
            schema.search_parameters(self._index, k, self._recall, filtered=fits != EVERYTHING),
        )
        if any(len(hits) < k for hits in found):
            # There are no more, or an index that passes over what does not fit ended too early.
            k = min(k, self._server.count(self._name, fits))
            if any(len(hits) < k for hits in found):
                return self._one_by_one(queries, k, fits)
        return _neighbours(found, k)

    def _one_by_one(self, queries: Embeddings, k: int, fits: str) -> Neighbours:
        """The same by looking at every picture that fits."""
        best: list[list[tuple[int, float]]] = [[] for _ in queries]
        for batch in self._server.every(self._name, "id", fits, ["id", "vector"], _PART):
            scores = queries @ self._matrix(batch).T
            for place, row in enumerate(scores):
                more = zip((int(entity["id"]) for entity in batch), row.tolist(), strict=True)
                best[place] = sorted([*best[place], *more], key=lambda hit: -hit[1])[:k]
        return _neighbours(best, min(len(hits) for hits in best))

    def close(self) -> None:
        self._server.close()

    def _condition(self, where: Where | None) -> str:
        fits = condition(where)
        if where is not None and where.label:
            ids = self._catalogue.labelled(where.label)
            fits = f"({fits}) and id in {numbers(ids)}" if ids else _NOTHING
        return fits

    def _matrix(self, entities: Sequence[Entity]) -> Embeddings:
        matrix = np.array([entity["vector"] for entity in entities], dtype=np.float32)
        return matrix.reshape(len(entities), self._encoder.dimension)


def _neighbours(found: Sequence[Sequence[tuple[int, float]]], k: int) -> Neighbours:
    ids = np.array([[hit[0] for hit in hits[:k]] for hits in found], dtype=np.int64)
    scores = np.array([[hit[1] for hit in hits[:k]] for hits in found], dtype=np.float32)
    shape = (len(found), k)
    return Neighbours(ids.reshape(shape), scores.reshape(shape))
