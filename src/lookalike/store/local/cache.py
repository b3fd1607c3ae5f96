"""The search index beside the database: built from it, brought up to date from it, disposable.

What the index holds is known by the collection's token, its highest vector id and its count. Ids
only rise and are never given twice, so an index that has taken in everything above its highest id
and has the right count has the right set; if the count is off, it drops what the database lost.
"""

import json
import os
import sqlite3
import tempfile
import threading
from contextlib import suppress

import faiss
import numpy as np

from lookalike.store.local.flat import FlatIndex
from lookalike.types import Embeddings, Ids

_BATCH = 8192
_GATHER = 1024
"""A search among this many or fewer reads their vectors from the database."""

_SAVE_AFTER = 4096
"""A reader that had to take in more vectors than this saves the index for the next process."""


class SearchCache:
    """The index of one collection, in memory and on disk. Safe to use from several threads."""

    def __init__(self, folder: str, dimension: int, token: str) -> None:
        self._index_path = os.path.join(folder, "vectors.faiss")
        self._about_path = os.path.join(folder, "vectors.json")
        self._folder = folder
        self._dimension = dimension
        self._token = token
        self.lock = threading.Lock()
        self._index: FlatIndex | None = None
        self._highest = 0
        self._saved: dict[str, object] | None = None

    def search(
        self, connection: sqlite3.Connection, queries: Embeddings, k: int, allowed: Ids | None
    ) -> list[tuple[Ids, Embeddings]]:
        """Vector ids and scores of each query's nearest, in the state that `connection` sees.

        The caller holds `lock` and a read transaction, so that nothing changes in between.

        Args:
            connection: of the caller's transaction.
            queries: (n, dimension).
            k: at least 1.
            allowed: ids of vectors to search among, all of them there; None is all.
        """
        if allowed is not None and len(allowed) <= _GATHER:
            return self._search_few(connection, queries, k, allowed)
        index = self._fresh(connection)
        if not len(index):
            nothing = (np.empty(0, np.int64), np.empty(0, np.float32))
            return [nothing] * len(queries)
        k = min(k, len(index) if allowed is None else len(allowed))
        ids, scores = index.search(queries, k, allowed)
        return list(zip(ids, scores, strict=True))

    def save(self, connection: sqlite3.Connection) -> None:
        """Bring the index up to date and write it to disk; a disk that refuses is no error.

        The caller holds `lock` and a read transaction.
        """
        with suppress(OSError, RuntimeError):
            self._save(self._fresh(connection))

    def drop(self) -> None:
        """Forget the index in memory."""
        with self.lock:
            self._index = None

    def _search_few(
        self, connection: sqlite3.Connection, queries: Embeddings, k: int, allowed: Ids
    ) -> list[tuple[Ids, Embeddings]]:
        """Score a small set one by one: exact whatever the index is, and needs none loaded."""
        rows = connection.execute(
            "SELECT id, vector FROM vectors WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(allowed.tolist()),),
        ).fetchall()
        ids = np.array([row[0] for row in rows], dtype=np.int64)
        vectors = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f2")
        scores = queries @ vectors.astype(np.float32).reshape(len(rows), self._dimension).T
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return [(ids[best], row[best]) for best, row in zip(order, scores, strict=True)]

    def _fresh(self, connection: sqlite3.Connection) -> FlatIndex:
        """The index in the state of the database.

        Where the later IVF index plugs in: the kind is chosen here by the count.
        """
        if self._index is None:
            self._index = self._load() or FlatIndex(self._dimension)
            self._highest = int(self._index.ids.max(initial=0))
        index = self._index
        count, highest = connection.execute(
            "SELECT count(*), coalesce(max(id), 0) FROM vectors"
        ).fetchone()
        if (len(index), self._highest) == (count, highest):
            return index
        taken = self._take_in(connection, index)
        if len(index) != count:
            self._let_go(connection, index)
        self._highest = int(index.ids.max(initial=0))
        if taken > _SAVE_AFTER:
            with suppress(OSError, RuntimeError):
                self._save(index)
        return index

    def _take_in(self, connection: sqlite3.Connection, index: FlatIndex) -> int:
        taken = 0
        rows = connection.execute(
            "SELECT id, vector FROM vectors WHERE id > ? ORDER BY id", (self._highest,)
        )
        while batch := rows.fetchmany(_BATCH):
            ids = np.array([row[0] for row in batch], dtype=np.int64)
            vectors = np.frombuffer(b"".join(row[1] for row in batch), dtype="<f2")
            index.add(ids, vectors.reshape(len(batch), self._dimension))
            self._highest = int(ids[-1])
            taken += len(batch)
        return taken

    def _let_go(self, connection: sqlite3.Connection, index: FlatIndex) -> None:
        rows = connection.execute("SELECT id FROM vectors").fetchall()
        kept = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
        index.remove(np.setdiff1d(index.ids, kept))

    def _about(self, index: FlatIndex) -> dict[str, object]:
        return {
            "kind": index.kind,
            "faiss": faiss.__version__,
            "collection": self._token,
            "dimension": self._dimension,
            "count": len(index),
            "highest": self._highest,
        }

    def _load(self) -> FlatIndex | None:
        """The index on disk, or None where there is none that can be trusted."""
        try:
            with open(self._about_path, "rb") as file:
                about = json.load(file)
            # Two files are replaced one after the other: only a pair that agrees is used.
            if about.pop("bytes") != os.path.getsize(self._index_path):
                return None
            index = FlatIndex.load(self._index_path)
        except (OSError, ValueError, KeyError, AttributeError, RuntimeError):
            return None
        self._highest = int(index.ids.max(initial=0))
        if about != self._about(index):
            return None
        self._saved = about
        return index

    def _save(self, index: FlatIndex) -> None:
        about = self._about(index)
        if about == self._saved:
            return
        os.makedirs(self._folder, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            new_index = os.path.join(scratch, "index")
            new_about = os.path.join(scratch, "about")
            index.save(new_index)
            with open(new_about, "w", encoding="utf-8") as file:
                json.dump({**about, "bytes": os.path.getsize(new_index)}, file)
            os.replace(new_index, self._index_path)
            os.replace(new_about, self._about_path)
        self._saved = about
