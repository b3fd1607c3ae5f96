"""What a search sees of a collection: the index that has the bulk, if any, and the rest."""

import sqlite3
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lookalike.store.local import rows
from lookalike.store.local.exact import ExactPart, Found, merged
from lookalike.store.local.ivf import IvfIndex
from lookalike.store.local.rows import Table
from lookalike.store.local.state import State
from lookalike.store.local.tuning import Effort
from lookalike.types import Embeddings, Ids

_GATHER = 1024
"""A search among this many or fewer reads their vectors from the database."""


@dataclass(frozen=True, slots=True)
class View:
    """One state of a layer. Immutable, so any number of readers may search it at once.

    Attributes:
        table: of the layer.
        state: of the database.
        highest: vector id up to which everything was taken in.
        index: the bulk of a large collection.
        gone: ids in `index` that are not in the database any more.
        present: by vector id, whether it is in `index` and the database; None where all are.
        rest: everything that is not in `index`.
    """

    table: Table
    state: State
    highest: int
    index: IvfIndex | None
    gone: Ids
    present: NDArray[np.bool_] | None
    rest: ExactPart

    @classmethod
    def of(
        cls, table: Table, dimension: int, state: State, index: IvfIndex | None, highest: int
    ) -> "View":
        """What an index knows, or nothing yet."""
        return cls(table, state, highest, index, np.empty(0, np.int64), None, ExactPart(dimension))

    def __len__(self) -> int:
        return self._indexed + len(self.rest)

    @property
    def _indexed(self) -> int:
        return len(self.index) - len(self.gone) if self.index is not None else 0

    def brought_up(self, connection: sqlite3.Connection, state: State) -> "View":
        """The view of `state`, which `connection` sees and which came out of this one's."""
        rest, highest = self.rest, self.highest
        for batch in rows.above(connection, self.table, highest, rest.dimension):
            rest = rest.with_more(*batch)
            highest = int(batch.ids[-1])
        view = replace(self, state=state, highest=highest, rest=rest)
        count, _ = rows.count_and_highest(connection, self.table)
        if len(view) != count:
            view = view._without_the_gone(rows.all_ids(connection, self.table))
        if len(view) != count and view.index is not None:
            # The index is not what it says, though every bit of it is as it was written.
            nothing = View.of(self.table, rest.dimension, state, None, 0)
            return nothing.brought_up(connection, state)
        return view

    def search(
        self,
        connection: sqlite3.Connection,
        queries: Embeddings,
        k: int,
        allowed: Ids | None,
        recall: float,
    ) -> Found:
        """Pictures and scores of each query's nearest, best first.

        Args:
            connection: sees the state of this view.
            queries: (n, dimension) float32.
            k: at least 1; less comes back where there is less.
            allowed: ids of vectors to search among, all of them there; None is all.
            recall: the share of the true nearest that should be found through the index.
        """
        k = min(k, len(self) if allowed is None else len(allowed))
        if k == 0:
            return merged([], len(queries))
        bits = None if allowed is None else _bits(allowed)
        parts = [self.rest.search(queries, k, bits)] if len(self.rest) else []
        if self.index is not None:
            share = 1.0 if allowed is None else len(allowed) / len(self)
            effort = self.index.effort(recall, k, share)
            parts.append(self._through(self.index, connection, queries, k, bits, effort))
        return merged(parts, len(queries)).best(k)

    def _through(
        self,
        index: IvfIndex,
        connection: sqlite3.Connection,
        queries: Embeddings,
        k: int,
        bits: NDArray[np.bool_] | None,
        effort: Effort,
    ) -> Found:
        """The best that the index proposes, scored by the database's own vectors."""
        if bits is None:
            bits = self.present
        elif self.present is not None:
            width = min(len(bits), len(self.present))
            bits = bits[:width] & self.present[:width]
        wanted = min(k, self._indexed if bits is None else int(np.count_nonzero(bits)))
        probes = effort.probes
        while True:
            found = index.candidates(queries, effort.candidates, probes, bits)
            if probes >= index.lists or (np.count_nonzero(found >= 0, axis=1) >= wanted).all():
                return _score_candidates(connection, self.table, queries, found, k)
            probes = min(index.lists, 4 * probes)

    def _without_the_gone(self, kept: Ids) -> "View":
        """The view of a database that has the ids `kept`."""
        rest = self.rest.only(kept)
        if self.index is None:
            return replace(self, rest=rest)
        held = self.index.ids()
        gone = np.setdiff1d(held, kept)
        present = _bits(np.setdiff1d(held, gone)) if len(gone) else None
        return replace(self, gone=gone, present=present, rest=rest)


def search_few(
    connection: sqlite3.Connection, table: Table, queries: Embeddings, k: int, allowed: Ids | None
) -> Found | None:
    """The answer where so few are allowed that scoring them one by one is quickest, else None.

    It is exact whatever the index is, and needs nothing loaded.
    """
    if allowed is None or len(allowed) > _GATHER:
        return None
    _, images, vectors = rows.by_ids(connection, table, allowed, queries.shape[1])
    scores = queries @ vectors.astype(np.float32).T
    return Found(np.broadcast_to(images, scores.shape), scores).best(k)


def _score_candidates(
    connection: sqlite3.Connection, table: Table, queries: Embeddings, candidates: Ids, k: int
) -> Found:
    """The best `k` of each query's own candidates, (queries, n), where -1 stands for none."""
    wanted = np.unique(candidates[candidates >= 0])
    ids, images, halves = rows.by_ids(connection, table, wanted, queries.shape[1])
    vectors = halves.astype(np.float32)
    order = np.argsort(ids)
    places = np.searchsorted(ids, candidates, sorter=order)
    places = order[np.minimum(places, len(ids) - 1)]
    # Query by query: all candidates of many queries at once would take gigabytes.
    scores = np.stack([vectors[p] @ query for p, query in zip(places, queries, strict=True)])
    scores[ids[places] != candidates] = -np.inf
    best = Found(images[places], scores).best(k)
    # Every query reached at least as many as there are columns that are full.
    full = np.isfinite(best.scores).all(axis=0)
    return Found(best.images[:, full], best.scores[:, full])


def _bits(ids: Ids) -> NDArray[np.bool_]:
    """By id, whether it is among these."""
    bits = np.zeros(int(ids.max(initial=0)) + 1, dtype=bool)
    bits[ids] = True
    return bits
