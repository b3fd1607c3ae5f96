"""The layers of a local collection: a table each, in its one database."""

import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from lookalike.encoders.spec import EncoderIdentity
from lookalike.errors import EncoderMismatchError, StoreError
from lookalike.store.base import StoredFile
from lookalike.store.checks import check_query, checked_rows
from lookalike.store.layers import Embedded, Layer, Places
from lookalike.store.local.cache import SearchCache
from lookalike.store.local.database import Database, readable, transaction
from lookalike.store.local.lock import writer_lock
from lookalike.store.local.pictures import FILE, IMAGES, marks, stored_file
from lookalike.store.local.rows import Table
from lookalike.store.local.schema import layer_table, make_layer_table
from lookalike.store.local.state import Session
from lookalike.types import Embeddings, Ids, Where

CACHE_FOLDER = "cache"
_CHUNK = 500  # values in one SQL statement, below every SQLite's limit
_REGIONS_A_PICTURE = 4  # of the nearest regions, so many are of one picture, at first guess


class LocalLayers:
    """Implements `Layers` on SQLite and FAISS."""

    def __init__(self, database: Database, folder: str, recall: float) -> None:
        """Read which layers there are.

        Raises:
            StoreError: the collection lacks what tells of its encoder, or cannot be read.
        """
        self._database = database
        self._folder = folder
        self._recall = recall
        self._caches: dict[int, SearchCache] = {}
        self._opening = threading.Lock()
        with database.snapshot() as connection:
            token = connection.execute("SELECT value FROM meta WHERE key = 'token'").fetchone()
            answering = next((layer for layer in _read(connection) if layer.answers), None)
        if token is None or answering is None:
            raise StoreError(f"the collection at {folder} is incomplete; index it anew")
        self._token = str(json.loads(token[0]))
        self._answering = answering

    @property
    def answering(self) -> Layer:
        return self._answering

    def is_current(self) -> bool:
        with self._database.snapshot() as connection:
            row = connection.execute("SELECT number FROM layers WHERE answers").fetchone()
        return row is not None and bool(row[0] == self.answering.number)

    def all(self) -> list[Layer]:
        with self._database.snapshot() as connection:
            return _read(connection)

    def add(self, encoder: EncoderIdentity, source: str, *, regions: bool) -> Layer:
        with writer_lock(self._folder), self._database.writer() as connection:
            with transaction(connection):
                number = insert_layer(connection, encoder, source, regions=regions)
                make_layer_table(connection, number, regions=regions)
            return next(layer for layer in _read(connection) if layer.number == number)

    def lacking(self, layer: Layer, after: int = 0, limit: int = 1000) -> list[StoredFile]:
        rows = self._rows(
            f"SELECT {FILE} FROM {IMAGES} WHERE i.id > ? AND {_lacks(layer)} ORDER BY i.id LIMIT ?",
            (after, limit),
        )
        return [stored_file(row) for row in rows]

    def count_lacking(self, layer: Layer) -> int:
        return int(self._rows(f"SELECT count(*) FROM images i WHERE {_lacks(layer)}")[0][0])

    @contextmanager
    def fill(self, layer: Layer) -> Iterator["LocalLayerWriter"]:
        with writer_lock(self._folder):
            with self._database.writer() as connection:
                _require(connection, layer)
                yield LocalLayerWriter(connection, layer)
            self.cache(layer).settle()

    def vectors(self, layer: Layer, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        found: dict[int, list[bytes]] = {}
        for start in range(0, len(ids), _CHUNK):
            part = [int(i) for i in ids[start : start + _CHUNK]]
            for image_id, blob in self._rows(
                f"SELECT image_id, vector FROM {layer_table(layer.number)}"
                f" WHERE image_id IN ({marks(part)}) ORDER BY id",
                part,
            ):
                found.setdefault(image_id, []).append(blob)
        dimension = layer.encoder.dimension
        return {
            image_id: np.frombuffer(b"".join(blobs), "<f2")
            .astype(np.float32)
            .reshape(-1, dimension)
            for image_id, blobs in found.items()
        }

    def search(
        self,
        layer: Layer,
        queries: Embeddings,
        k: int,
        *,
        where: Where | None = None,
        ids: Ids | None = None,
    ) -> Places:
        check_query(queries, k, layer.encoder.dimension)
        cache = self.cache(layer)
        wanted = k * _REGIONS_A_PICTURE if layer.regions else k
        while True:
            found = cache.search(queries, wanted, where, ids)
            places = self._places(layer, found.images, found.scores)
            if len(places.ids) >= k or found.images.shape[1] < wanted:
                return Places(
                    places.ids[:k], places.scores[:k], places.boxes[:k], places.queries[:k]
                )
            wanted *= 2

    def switch(self, layer: Layer) -> None:
        if layer.regions:
            raise StoreError("a layer of regions cannot answer for whole pictures")
        with writer_lock(self._folder), self._database.writer() as connection:
            _require(connection, layer)
            with transaction(connection):
                connection.execute("UPDATE layers SET answers = number = ?", (layer.number,))

    def drop(self, layer: Layer) -> None:
        with writer_lock(self._folder), self._database.writer() as connection:
            answers = [each.number for each in _read(connection) if each.answers]
            if layer.number in answers:
                raise StoreError(f"{layer.encoder.name} answers: switch to another encoder first")
            with transaction(connection):
                Session().stamp(connection)
                connection.execute("DELETE FROM layers WHERE number = ?", (layer.number,))
                connection.execute(f"DROP TABLE IF EXISTS {layer_table(layer.number)}")
            with suppress(sqlite3.Error):  # no room for a moment is no harm: it is used again later
                connection.execute("VACUUM")
        with self._opening:
            cache = self._caches.pop(layer.number, None)
        if cache is not None:
            cache.close()
        if layer.number > 1:
            shutil.rmtree(self._cache_folder(layer), ignore_errors=True)

    def table(self, layer: Layer) -> Table:
        """The table of a layer."""
        return Table.of(layer.number, regions=layer.regions)

    def cache(self, layer: Layer) -> SearchCache:
        """The search of a layer."""
        with self._opening:
            if layer.number not in self._caches:
                self._caches[layer.number] = SearchCache(
                    self._database,
                    self.table(layer),
                    self._cache_folder(layer),
                    layer.encoder.dimension,
                    self._token,
                    self._recall,
                )
            return self._caches[layer.number]

    def check_answering(self, connection: sqlite3.Connection) -> None:
        """Refuse to write for an encoder that does not answer any more.

        Raises:
            EncoderMismatchError: another one does.
        """
        if not any(
            each.answers and each.number == self.answering.number for each in _read(connection)
        ):
            raise EncoderMismatchError(
                f"{self._folder} has another encoder since it was opened: open it again"
            )

    def close(self) -> None:
        """Let go of what searches hold."""
        with self._opening:
            caches = list(self._caches.values())
        for cache in caches:
            cache.close()

    def _cache_folder(self, layer: Layer) -> str:
        folder = os.path.join(self._folder, CACHE_FOLDER)
        return folder if layer.number == 1 else os.path.join(folder, f"layer-{layer.number}")

    def _places(self, layer: Layer, found: Ids, scores: NDArray[np.float32]) -> Places:
        """The best place of each picture, best first, of what was found for all queries."""
        queries = np.broadcast_to(np.arange(len(found))[:, None], found.shape).ravel()
        order = np.argsort(-scores.ravel(), kind="stable")
        found, scores, queries = found.ravel()[order], scores.ravel()[order], queries[order]
        if layer.regions:
            about = self._about(layer, found)
            known = np.isin(found, list(about))  # a region may have gone meanwhile
            found, scores, queries = found[known], scores[known], queries[known]
            pictures = np.array([about[i][0] for i in found.tolist()], dtype=np.int64)
            boxes = np.array([about[i][1:] for i in found.tolist()], np.float32).reshape(-1, 4)
        else:
            pictures = found
            boxes = np.tile(np.array([0, 0, 1, 1], np.float32), (len(found), 1))
        _, first = np.unique(pictures, return_index=True)
        first.sort()
        return Places(pictures[first], scores[first], boxes[first], queries[first])

    def _about(self, layer: Layer, ids: Ids) -> dict[int, tuple[int, float, float, float, float]]:
        """The picture of each region, and where it is."""
        about: dict[int, tuple[int, float, float, float, float]] = {}
        wanted = np.unique(ids).tolist()
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            rows = self._rows(
                f"SELECT id, image_id, x, y, width, height FROM {layer_table(layer.number)}"
                f" WHERE id IN ({marks(part)})",
                part,
            )
            about.update((row[0], row[1:]) for row in rows)
        return about

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        with readable():
            return self._database.reader().execute(query, values).fetchall()


class LocalLayerWriter:
    """Fills a layer while it lives inside `LocalLayers.fill`."""

    def __init__(self, connection: sqlite3.Connection, layer: Layer) -> None:
        self._connection = connection
        self._layer = layer
        self._session = Session()

    def put(self, embedded: Sequence[Embedded]) -> None:
        """See `LayerWriter.put`."""
        table = layer_table(self._layer.number)
        checked = [checked_rows(each.vectors, self._layer.encoder.dimension) for each in embedded]
        with transaction(self._connection):
            for each, vectors in zip(embedded, checked, strict=True):
                is_there = self._connection.execute(
                    "SELECT 1 FROM images WHERE id = ? AND digest = ?", (each.id, each.digest)
                ).fetchone()
                if is_there is None:
                    continue
                self._connection.execute(f"DELETE FROM {table} WHERE image_id = ?", (each.id,))
                blobs = [vector.astype("<f2").tobytes() for vector in vectors]
                if self._layer.regions:
                    self._connection.executemany(
                        f"INSERT INTO {table} (image_id, vector, x, y, width, height)"
                        " VALUES (?, ?, ?, ?, ?, ?)",
                        [
                            (each.id, blob, *map(float, box))
                            for blob, box in zip(blobs, each.boxes, strict=True)
                        ],
                    )
                else:
                    self._connection.executemany(
                        f"INSERT INTO {table} (image_id, vector) VALUES (?, ?)",
                        [(each.id, blob) for blob in blobs],
                    )
            self._session.stamp(self._connection)


def insert_layer(
    connection: sqlite3.Connection,
    encoder: EncoderIdentity,
    source: str,
    *,
    regions: bool = False,
    answers: bool = False,
) -> int:
    """Note a layer, inside the caller's transaction; returns its number."""
    cursor = connection.execute(
        "INSERT INTO layers (encoder, source, regions, answers) VALUES (?, ?, ?, ?)",
        (json.dumps(asdict(encoder)), json.dumps(source), regions, answers),
    )
    return int(cursor.lastrowid or 0)


def _read(connection: sqlite3.Connection) -> list[Layer]:
    rows = connection.execute(
        "SELECT number, encoder, source, regions, answers FROM layers ORDER BY number"
    )
    return [
        Layer(
            number,
            msgspec.json.decode(encoder, type=EncoderIdentity),
            json.loads(source),
            bool(regions),
            bool(answers),
        )
        for number, encoder, source, regions, answers in rows
    ]


def _require(connection: sqlite3.Connection, layer: Layer) -> None:
    if layer.number not in [each.number for each in _read(connection)]:
        raise StoreError(f"the embeddings of {layer.encoder.name} were dropped meanwhile")


def _lacks(layer: Layer) -> str:
    return f"NOT EXISTS (SELECT 1 FROM {layer_table(layer.number)} v WHERE v.image_id = i.id)"
