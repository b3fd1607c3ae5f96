"""Search over one collection: exactly while it is small, through an index when it is large.

The database is the truth, and what is here follows it: before a search, the view is compared with
the state that the query's transaction sees, and takes in what is lacking. A small collection is
held in memory and nothing of it is on disk. Of a large one, an index file has the bulk; what came
since is held beside it and what left is passed over, until another file is made, by the writer
when it ends or in the background while readers go on.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

import numpy as np

from lookalike.errors import StoreError
from lookalike.store.local import rows
from lookalike.store.local.cachefile import CacheFile
from lookalike.store.local.database import Database
from lookalike.store.local.exact import Found
from lookalike.store.local.filters import fitting_vectors
from lookalike.store.local.ivf import IvfIndex, query_count, sample_size
from lookalike.store.local.rows import Table
from lookalike.store.local.state import State, current, descends_from
from lookalike.store.local.view import View, search_few
from lookalike.types import Embeddings, Ids, Where

DEFAULT_RECALL = 0.99

EXACT_BYTES = 64 * 2**20
"""Up to so many bytes of float16 vectors, search is exact. docs/performance.md has the measurements
behind it: around here, reading the vectors begins to cost a new process more than an index does."""

_REST_BYTES = 32 * 2**20
"""So many bytes of vectors beside the index are worth a new file."""

_BUILDER = "index"
_PATIENCE = 3  # transactions that a search begins while others write
_GONE_SHARE = 0.2
_GROWTH = 2.0
"""A collection that grew or shrank by this factor since its centres were chosen gets new ones."""


class SearchCache:
    """The search of one layer of a collection.

    Safe to use from several threads, and none of them waits for another's search.

    Args:
        database: of the collection.
        table: of the layer.
        folder: for the index file; may be deleted at any time.
        dimension: length of a vector.
        token: ties the file to the collection.
        recall: the share of the true nearest that a search should find; 1 is exact search.
    """

    def __init__(
        self,
        database: Database,
        table: Table,
        folder: str,
        dimension: int,
        token: str,
        recall: float,
    ) -> None:
        self._database = database
        self._table = table
        self._file = CacheFile(folder, token, dimension)
        self._dimension = dimension
        self._recall = recall
        self._view: View | None = None
        self._refreshing = threading.Lock()
        self._starting = threading.Lock()
        self._builder: threading.Thread | None = None
        self._closed = False

    def search(
        self, queries: Embeddings, k: int, where: Where | None = None, ids: Ids | None = None
    ) -> Found:
        """Each query's nearest with their scores, best first; see `Table.found`.

        Args:
            queries: (n, dimension).
            k: at least 1.
            where: search only among the pictures that fit.
            ids: search only among these pictures.
        """
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        found, attempts = None, 0
        while found is None:
            attempts += 1
            with self._database.snapshot() as connection:
                allowed = fitting_vectors(connection, self._table, where, ids)
                found = self._search(connection, queries, k, allowed, patient=attempts < _PATIENCE)
        return found

    def _search(
        self,
        connection: sqlite3.Connection,
        queries: Embeddings,
        k: int,
        allowed: Ids | None,
        *,
        patient: bool,
    ) -> Found | None:
        """The answer in the state that `connection` sees.

        None where other readers have moved on to a later state meanwhile, if the caller is patient
        and will ask again in a new transaction.
        """
        found = search_few(connection, self._table, queries, k, allowed)
        if found is not None:
            return found
        view = self._fresh(connection, patient=patient)
        if view is None:
            return None
        return view.search(connection, queries, k, allowed, self._recall)

    def warm(self, connection: sqlite3.Connection) -> None:
        """Do now what the first search would have to do, such as opening the index."""
        self._fresh(connection, patient=True)

    def settle(self) -> None:
        """Bring the index file up to date, if it has fallen far behind; that takes its time.

        A disk that refuses is no error: the cache only saves time.
        """
        with self._database.snapshot() as connection:
            count, _ = rows.count_and_highest(connection, self._table)
        if self._is_exact(count):
            return
        if threading.current_thread().name != _BUILDER and self._builder is not None:
            self._builder.join()
        with suppress(OSError, RuntimeError), self._file.builder() as alone:
            if alone:
                self._build_what_is_due()

    def close(self) -> None:
        """Forget what is in memory, and end what is built in the background."""
        with self._starting:
            self._closed = True
        if self._builder is not None:
            self._builder.join()
        self._view = None

    def _fresh(self, connection: sqlite3.Connection, *, patient: bool) -> View | None:
        """The view of the state that `connection` sees; None if it is behind the others."""
        state = current(connection)
        view = self._view
        if view is None or view.state != state:
            with self._refreshing:
                view = self._view
                if view is not None and not descends_from(connection, view.state):
                    if patient:
                        return None
                    view = None  # it is not behind: the database was put back to an older copy
                if view is None:
                    view = self._opened(connection)
                view = self._view = view.brought_up(connection, state)
        if self._due(len(view), view) and state.certain:
            self._build_in_the_background()
        return view

    def _opened(self, connection: sqlite3.Connection) -> View:
        """What the index file knows; nothing where there is none of this database's past."""
        if self._recall < 1:
            loaded = self._file.load()
            if loaded is not None and descends_from(connection, loaded.state):
                return View.of(
                    self._table, self._dimension, loaded.state, loaded.index, loaded.highest
                )
        return View.of(self._table, self._dimension, State("", 0), None, 0)

    def _is_exact(self, count: int) -> bool:
        return self._recall >= 1 or 2 * self._dimension * count <= EXACT_BYTES

    def _due(self, count: int, view: View) -> Literal["centres", "longer", None]:
        """What `count` vectors need: an index with new centres, or a longer one, or nothing."""
        if self._is_exact(count):
            return None
        if view.index is None or not (1 / _GROWTH <= count / view.index.trained_on <= _GROWTH):
            return "centres"
        behind = 2 * self._dimension * len(view.rest) > _REST_BYTES
        return "longer" if behind or len(view.gone) > _GONE_SHARE * len(view.index) else None

    def _build_in_the_background(self) -> None:
        # One at a time, so that closing knows whom to wait for.
        with self._starting:
            if self._closed or (self._builder is not None and self._builder.is_alive()):
                return
            # A process that ends meanwhile leaves nothing behind that is in anybody's way.
            builder = threading.Thread(target=self._build_quietly, name=_BUILDER, daemon=True)
            builder.start()
            self._builder = builder

    def _build_quietly(self) -> None:
        # A collection that was closed or removed meanwhile needs no index any more.
        with suppress(StoreError, sqlite3.Error):
            self.settle()

    def _build_what_is_due(self) -> None:
        # Another process may have made a file meanwhile: what is on disk decides.
        with self._database.snapshot() as connection:
            state = current(connection)
            view = self._opened(connection)
            count, highest = rows.count_and_highest(connection, self._table)
            due = self._due(count, view)
            if due is None and view.index is not None:
                view = view.brought_up(connection, state)
                due = self._due(count, view)
        if due is None or not state.certain:
            return
        if due == "centres" or view.index is None:
            index = self._built(count, highest)
        else:
            index = view.index.extended(view.rest.batches(), view.gone)
        self._file.save(index, state, highest)
        with self._database.snapshot() as connection:
            self._view = self._opened(connection).brought_up(connection, current(connection))

    def _built(self, count: int, highest: int) -> IvfIndex:
        rng = np.random.default_rng(count)
        with self._database.snapshot() as connection:
            ids = rows.all_ids(connection, self._table, highest)
            sample = rng.choice(ids, sample_size(len(ids)), replace=False)
            training = rows.by_ids(connection, self._table, np.sort(sample), self._dimension)
            few = sample[: query_count(len(ids))]
            asked = rows.by_ids(connection, self._table, few, self._dimension)
        return IvfIndex.build(
            training.vectors.astype(np.float32),
            (asked.ids, asked.vectors.astype(np.float32)),
            self._streamed(highest),
            count,
        )

    def _streamed(self, highest: int) -> Iterator[tuple[Ids, Embeddings]]:
        """All vectors up to an id; what is deleted meanwhile is noticed when the file is opened."""
        reader = self._database.reader()
        for batch in rows.above(reader, self._table, 0, self._dimension, highest):
            if self._closed:
                raise StoreError("the collection was closed while its search index was built")
            yield batch.ids, batch.vectors.astype(np.float32)
