"""What a search through the index costs for which recall, measured on the collection's vectors."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lookalike.types import Embeddings, Ids

QUERIES = 128
"""Vectors of the collection that are asked for their neighbours."""

DEPTHS = (10, 100, 1000)
"""Numbers of neighbours that recall is measured at."""

_LOG_DEPTHS = [math.log(depth) for depth in DEPTHS]

FACTORS = (4, 8, 16, 32)
"""Candidates for each neighbour that is wanted, that recall is measured with."""

_MOST = 8 * DEPTHS[-1]
"""Candidates at most while measuring."""

_FETCH = 300
"""A candidate's own vector takes as long to fetch as so many in lists take to look at, whatever
the dimension (6 us and 16 to 20 ns at 512 dimensions)."""

_KEPT = 2 * DEPTHS[-1]  # ties of the last one included
_ENOUGH = 0.9985
_GAIN = 0.0002
"""More lists that find less than this more of anything are too many."""

_SAME = 1e-6
"""Scores that differ by less are ties: either one is right."""


@dataclass(frozen=True, slots=True)
class Step:
    """A number of lists to probe, and the recall that it reached.

    Attributes:
        probes: lists.
        recall: for each of `FACTORS`, at each of `DEPTHS`.
    """

    probes: int
    recall: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Effort:
    """What a search is to do: lists to probe, and candidates to find there."""

    probes: int
    candidates: int


class Truth:
    """The true neighbours of some vectors, gathered while all vectors pass by once."""

    def __init__(self, ids: Ids, queries: Embeddings) -> None:
        self._own = ids
        self.queries = queries
        self._ids = np.empty((len(ids), 0), dtype=np.int64)
        self._scores = np.empty((len(ids), 0), dtype=np.float32)

    def see(self, ids: Ids, vectors: Embeddings) -> None:
        """Take note of these vectors, (n, dimension)."""
        scores = self.queries @ vectors.T
        # A vector finds itself anyway; what counts are the others.
        scores[self._own[:, None] == ids[None, :]] = -2
        if self._scores.shape[1] == _KEPT:
            # Soon hardly any vector is near enough to any of the queries.
            near = (scores > self._scores.min(axis=1, keepdims=True)).any(axis=0)
            scores, ids = scores[:, near], ids[near]
        scores = np.concatenate([self._scores, scores], axis=1)
        all_ids = np.concatenate([self._ids, np.broadcast_to(ids, (len(self._own), len(ids)))], 1)
        if scores.shape[1] > _KEPT:
            best = np.argpartition(-scores, _KEPT - 1, axis=1)[:, :_KEPT]
            scores = np.take_along_axis(scores, best, axis=1)
            all_ids = np.take_along_axis(all_ids, best, axis=1)
        self._scores, self._ids = scores, all_ids

    def places(self, candidates: Ids) -> Ids:
        """Where each of the true nearest is among the candidates; beyond the last where it is not.

        Args:
            candidates: (queries, n), best first.
        """
        order = np.argsort(self._ids, axis=1)
        found = np.full(self._ids.shape, candidates.shape[1])
        for known, places, row, there in zip(self._ids, order, candidates, found, strict=True):
            at = places[np.minimum(np.searchsorted(known, row, sorter=places), len(known) - 1)]
            right = np.flatnonzero(known[at] == row)
            there[at[right]] = right
        return found

    def recall(self, places: Ids, ends: Sequence[int]) -> tuple[float, ...]:
        """The share of the true nearest that is among the candidates, at each of `DEPTHS`.

        Args:
            places: see `places`.
            ends: how many candidates are looked at for each depth.
        """
        ordered = np.sort(self._scores, axis=1)[:, ::-1]
        shares = []
        for depth, end in zip(DEPTHS, ends, strict=True):
            wanted = min(depth, ordered.shape[1])
            right = self._scores >= ordered[:, wanted - 1, None] - _SAME
            hits = np.minimum(wanted, (right & (places < end)).sum(axis=1))
            shares.append(float(hits.mean()) / wanted)
        return tuple(shares)


def measure(truth: Truth, search: Callable[[int, int], Ids], lists: int) -> tuple[Step, ...]:
    """The recall at rising numbers of probes, up to where nothing more is gained.

    Args:
        truth: what is right.
        search: candidates, (queries, n), best first, for a number of them and one of probes.
        lists: the most that can be probed.
    """
    steps: list[Step] = []
    for probes in _rising(lists):
        found = search(_MOST + 1, probes)  # one more, since each finds itself
        places = truth.places(found)
        recall = tuple(
            truth.recall(places, [min(factor * depth + 1, found.shape[1]) for depth in DEPTHS])
            for factor in FACTORS
        )
        steps.append(Step(probes, recall))
        if min(recall[-1]) >= _ENOUGH or (len(steps) > 1 and _gained(*steps[-2:]) < _GAIN):
            break
    return tuple(steps)


def effort_for(
    steps: Sequence[Step], target: float, k: int, share: float, lists: int, vectors: int
) -> Effort:
    """The least effort that reached `target`, or else the most of it.

    Args:
        steps: see `measure`.
        target: share of the true nearest that are to be found.
        k: how many are wanted.
        share: of all vectors, those that may be found; their nearest `k` are among the nearest
            `k / share` of all.
        lists: of the index.
        vectors: in the index.
    """
    # A sample's recall may flatter: a quarter of the allowed loss is kept in hand.
    target += (1 - target) / 4
    # A few are as hard to find as `DEPTHS[0]`, for less may be lost of them.
    k = max(k, DEPTHS[0])
    depth = k / share
    efforts = {
        Effort(step.probes, factor * k): _at(depth, step.recall[at])
        for at, factor in enumerate(FACTORS)
        for step in steps
    }
    target = min(target, max(efforts.values()))
    enough = [effort for effort, recall in efforts.items() if recall >= target]
    least = min(enough, key=lambda one: one.probes * vectors / lists + one.candidates * _FETCH)
    deeper = max(1.0, depth / DEPTHS[-1])
    return replace(least, probes=min(lists, int(np.ceil(least.probes * deeper))))


def _at(depth: float, recall: Sequence[float]) -> float:
    """The recall at a depth between those of `DEPTHS`."""
    return float(np.interp(math.log(depth), _LOG_DEPTHS, recall))


def _gained(before: Step, after: Step) -> float:
    pairs = zip(before.recall, after.recall, strict=True)
    return max(b - a for pair in pairs for a, b in zip(*pair, strict=True))


def _rising(limit: int) -> list[int]:
    steps = [1]
    while steps[-1] < limit:
        steps.append(min(limit, max(steps[-1] + 1, round(1.3 * steps[-1]))))
    return steps
