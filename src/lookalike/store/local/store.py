"""A collection in a folder: `collection.sqlite`, and caches beside it that can be deleted."""

import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
import numpy as np

from lookalike.encoders.spec import EncoderIdentity
from lookalike.errors import CollectionBusyError, CollectionNotFoundError, StoreError
from lookalike.store.base import FileState, Neighbours, OnWait, SkippedFile, StoredFile, under
from lookalike.store.checks import check_known, check_query
from lookalike.store.facets import make_facets
from lookalike.store.local.cache import DEFAULT_RECALL, SearchCache
from lookalike.store.local.database import Database, readable, transaction, writable
from lookalike.store.local.facets import count_values
from lookalike.store.local.filters import condition
from lookalike.store.local.labels import labels_of, set_labels
from lookalike.store.local.layers import LocalLayers, insert_layer
from lookalike.store.local.lock import LOCK_FILE, writer_lock
from lookalike.store.local.pictures import FILE, IMAGES, marks, path_of, stored_file
from lookalike.store.local.writer import LocalWriter
from lookalike.types import Embeddings, Facets, Ids, Rules, Where

DATABASE_FILE = "collection.sqlite"
CACHE_FOLDER = "cache"
_MIGRATION_S = 30.0  # how long opening waits for another process that writes to an old format
_CHUNK = 500  # values in one SQL statement, below every SQLite's limit


class LocalStore:
    """Implements `Store` on SQLite and FAISS."""

    def __init__(self, folder: str, recall: float = DEFAULT_RECALL) -> None:
        """Open a collection; see `create` and `exists`.

        Args:
            folder: where it is.
            recall: the share of the true nearest that a search should find; 1 is exact search.

        Raises:
            CollectionNotFoundError: there is none at `folder`.
            FormatVersionError: it has a later format.
            StoreError: its file cannot be read.
        """
        if not self.exists(folder):
            raise CollectionNotFoundError(
                f"there is no collection at {folder}; make one with: lookalike index FOLDER "
                f"-c {folder}"
            )
        self._folder = folder
        self._database = Database(os.path.join(folder, DATABASE_FILE))
        self._migrate()
        self._layers = LocalLayers(self._database, folder, recall)
        answering = self._layers.answering
        self._encoder = answering.encoder
        self._encoder_source = answering.source
        self._table = self._layers.table(answering)

    def _migrate(self) -> None:
        """Bring the file to the current format, or wait for another process that does."""
        patience = time.monotonic() + _MIGRATION_S
        while self._database.is_of_an_older_format():
            try:
                with writer_lock(self._folder), self._database.writer():
                    return  # opening it for writing has done it
            except CollectionBusyError:
                if time.monotonic() > patience:
                    raise
                time.sleep(0.05)

    @staticmethod
    def exists(folder: str) -> bool:
        """Whether there is a collection at `folder`."""
        path = os.path.join(folder, DATABASE_FILE)
        return os.path.isfile(path) and os.path.getsize(path) > 0

    @staticmethod
    def has_room(folder: str) -> bool:
        """Whether a collection made at `folder` would lie among no files but its own and hidden."""
        own = (DATABASE_FILE, LOCK_FILE, CACHE_FOLDER, ".")
        try:
            return all(name.startswith(own) for name in os.listdir(folder))
        except OSError:
            return True  # it is not there, or cannot be used, which making it tells

    @classmethod
    def create(cls, folder: str, encoder: EncoderIdentity, encoder_source: str) -> "LocalStore":
        """Make an empty collection for the embeddings of one encoder.

        Raises:
            StoreError: it cannot be written, or there is one already.
        """
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the folder {folder}: {error.strerror}") from error
        with writer_lock(folder):
            if cls.exists(folder):
                raise StoreError(f"there is a collection at {folder} already")
            # Under another name until it is whole: a kill in between leaves no half collection.
            path = os.path.join(folder, DATABASE_FILE)
            scratch = path + ".new"
            for leftover in (scratch, scratch + "-wal", scratch + "-shm"):
                with suppress(FileNotFoundError):
                    os.unlink(leftover)
            with Database(scratch).writer() as connection:
                with transaction(connection):
                    connection.execute(
                        "INSERT INTO meta (key, value) VALUES ('token', ?)",
                        (json.dumps(secrets.token_hex(16)),),
                    )
                    insert_layer(connection, encoder, encoder_source, answers=True)
                with writable():  # into the one file that is renamed, or a full disk is told
                    connection.execute("PRAGMA journal_mode = DELETE")
            os.replace(scratch, path)
        return cls(folder)

    @property
    def location(self) -> str:
        return self._folder

    @property
    def encoder(self) -> EncoderIdentity:
        return self._encoder

    @property
    def encoder_source(self) -> str:
        return self._encoder_source

    @property
    def layers(self) -> LocalLayers:
        return self._layers

    def patient(self, on_wait: OnWait | None = None) -> "LocalStore":  # noqa: ARG002  never away
        return self

    @contextmanager
    def write(self) -> Iterator[LocalWriter]:
        with writer_lock(self._folder):
            with self._database.writer() as connection:
                self._layers.check_answering(connection)
                yield LocalWriter(connection, self._encoder.dimension, self._table)
            self._cache.settle()

    def set_labels(self, labels: Mapping[int, Sequence[str]]) -> None:
        # Not under the writer's lock: it touches no vector, and an indexer may run for hours.
        with self._database.writer() as connection:
            set_labels(connection, labels)

    def labels(self, ids: Sequence[int]) -> dict[int, list[str]]:
        with self._database.snapshot() as connection:
            return labels_of(connection, ids)

    def count(self, where: Where | None = None) -> int:
        fits, values = condition(where)
        return int(self._rows(f"SELECT count(*) FROM images i WHERE {fits}", values)[0][0])

    def facets(self, where: Where | None = None) -> Facets:
        with self._database.snapshot() as connection:
            counts = count_values(connection, where)
            return make_facets(counts, list(self.roots()), self.count(where))

    def state(self) -> tuple[int, int]:
        count, highest = self._rows(
            f"SELECT count(*), coalesce(max(id), 0) FROM {self._table.name}"
        )[0]
        return count, highest

    def size_bytes(self) -> int:
        total = 0
        for folder, _, files in os.walk(self._folder):
            for name in files:
                try:
                    total += os.path.getsize(os.path.join(folder, name))
                except OSError:
                    continue  # a scratch file of a running indexer went away meanwhile
        return total

    def roots(self) -> dict[str, Rules]:
        rows = self._rows("SELECT path, rules FROM roots")
        known = {os.fsdecode(path): msgspec.json.decode(text, type=Rules) for path, text in rows}
        return dict(sorted(known.items()))

    def folders(self, root: str) -> dict[str, int]:
        rows = self._rows("SELECT path, device FROM folders")
        known = {os.fsdecode(path): device for path, device in rows}
        return {path: device for path, device in known.items() if under(path, root)}

    def states(self, folder: str) -> dict[str, FileState]:
        key = (os.fsencode(folder),)
        rows = self._rows(
            "SELECT i.name, i.id, i.size, i.mtime_ns, '', i.details FROM images i"
            " JOIN folders f ON f.id = i.folder_id WHERE f.path = ?"
            " UNION ALL SELECT s.name, NULL, s.size, s.mtime_ns, s.reader, 0 FROM skipped s"
            " JOIN folders f ON f.id = s.folder_id WHERE f.path = ?",
            key + key,
        )
        found: dict[str, FileState] = {}
        for name, *state in sorted(rows, key=lambda row: row[1] or 0):
            first = found.setdefault(os.fsdecode(name), FileState(*state))
            if first.id != state[0]:
                found[os.fsdecode(name)] = first._replace(frames=(*first.frames, state[0]))
        return found

    def skipped(self) -> list[SkippedFile]:
        rows = self._rows(
            "SELECT f.path, s.name, s.size, s.mtime_ns, s.reader, s.reason FROM skipped s"
            " JOIN folders f ON f.id = s.folder_id"
        )
        found = [SkippedFile(path_of(row[0], row[1]), *row[2:]) for row in rows]
        return sorted(found, key=lambda skip: os.fsencode(skip.path))

    def get(self, ids: Sequence[int]) -> list[StoredFile]:
        found: dict[int, StoredFile] = {}
        for start in range(0, len(ids), _CHUNK):
            part = [int(i) for i in ids[start : start + _CHUNK]]
            rows = self._rows(f"SELECT {FILE} FROM {IMAGES} WHERE i.id IN ({marks(part)})", part)
            found.update((row[0], stored_file(row)) for row in rows)
        return [found[i] for i in ids if i in found]

    def page(self, offset: int, limit: int, where: Where | None = None) -> list[StoredFile]:
        fits, values = condition(where)
        rows = self._rows(
            f"SELECT {FILE} FROM {IMAGES} WHERE {fits} ORDER BY i.id LIMIT ? OFFSET ?",
            (*values, limit, offset),
        )
        return [stored_file(row) for row in rows]

    def by_digest(self, digest: bytes) -> list[StoredFile]:
        rows = self._rows(
            f"SELECT {FILE} FROM {IMAGES} WHERE i.digest = ? ORDER BY i.id", (digest,)
        )
        return [stored_file(row) for row in rows]

    def vectors(self, ids: Sequence[int]) -> Embeddings:
        found: dict[int, bytes] = {}
        for start in range(0, len(ids), _CHUNK):
            part = [int(i) for i in ids[start : start + _CHUNK]]
            found.update(
                self._rows(
                    f"SELECT image_id, vector FROM {self._table.name}"
                    f" WHERE image_id IN ({marks(part)})",
                    part,
                )
            )
        check_known(ids, len(found))
        return self._matrix([found[int(i)] for i in ids])

    def scan(
        self, batch_size: int = 4096, where: Where | None = None
    ) -> Iterator[tuple[list[StoredFile], Embeddings]]:
        fits, values = condition(where)
        last = 0
        while True:
            # By rising id in short transactions: a long scan never holds up the log.
            rows = self._rows(
                f"SELECT {FILE}, v.vector FROM {IMAGES}"
                f" JOIN {self._table.name} v ON v.image_id = i.id"
                f" WHERE i.id > ? AND {fits} ORDER BY i.id LIMIT ?",
                (last, *values, batch_size),
            )
            if not rows:
                return
            last = rows[-1][0]
            yield [stored_file(row[:-1]) for row in rows], self._matrix([row[-1] for row in rows])

    def search(
        self, queries: Embeddings, k: int, *, where: Where | None = None, ids: Ids | None = None
    ) -> Neighbours:
        check_query(queries, k, self._encoder.dimension)
        return Neighbours(*self._cache.search(queries, k, where, ids))

    def warm(self) -> None:
        with self._database.snapshot() as connection:
            self._cache.warm(connection)

    def close(self) -> None:
        self._layers.close()
        self._database.close()

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        with readable():
            return self._database.reader().execute(query, values).fetchall()

    @property
    def _cache(self) -> SearchCache:
        return self._layers.cache(self._layers.answering)

    def _matrix(self, blobs: list[bytes]) -> Embeddings:
        matrix = np.frombuffer(b"".join(blobs), dtype="<f2").astype(np.float32)
        return matrix.reshape(len(blobs), self._encoder.dimension)
