"""How many lists to probe for which recall, measured on the collection's own vectors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.types import Embeddings, Ids

QUERIES = 128
"""Vectors of the collection that are asked for their neighbours."""

DEPTHS = (10, 100, 1000)
"""Numbers of neighbours that recall is measured at."""

_KEPT = 2 * DEPTHS[-1]  # ties of the last one included
_ENOUGH = 0.9985
_SAME = 1e-6
"""Scores that differ by less are ties: either one is right."""


@dataclass(frozen=True, slots=True)
class Step:
    """A number of lists to probe, and the recall that it reached at each of `DEPTHS`."""

    probes: int
    recall: tuple[float, ...]


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

    def recall(self, candidates: Ids, ends: Sequence[int]) -> tuple[float, ...]:
        """The share of the true nearest that is among the candidates, at each of `DEPTHS`.

        Args:
            candidates: (queries, n), best first.
            ends: how many of them are looked at for each depth.
        """
        found = np.stack([_places(*pair) for pair in zip(self._ids, candidates, strict=True)])
        ordered = np.sort(self._scores, axis=1)[:, ::-1]
        shares = []
        for depth, end in zip(DEPTHS, ends, strict=True):
            wanted = min(depth, ordered.shape[1])
            right = self._scores >= ordered[:, wanted - 1, None] - _SAME
            hits = np.minimum(wanted, (right & (found < end)).sum(axis=1))
            shares.append(float(hits.mean()) / wanted)
        return tuple(shares)


def _places(ids: Ids, candidates: Ids) -> Ids:
    """The place of each of `ids` among `candidates`; beyond the last one where it is not there."""
    order = np.argsort(candidates, kind="stable")
    there = order[np.minimum(np.searchsorted(candidates, ids, sorter=order), len(order) - 1)]
    return np.where(candidates[there] == ids, there, len(candidates))


def measure(truth: Truth, search: Callable[[int, int], Ids], lists: int) -> tuple[Step, ...]:
    """The recall at rising numbers of probes, up to where nothing is lacking.

    Args:
        truth: what is right.
        search: candidates, (queries, n), for a depth and a number of probes.
        lists: the most that can be probed.
    """
    steps = []
    for probes in _rising(lists):
        found = search(DEPTHS[-1], probes)
        # Candidates come best first: those of a lesser depth are the beginning.
        recall = truth.recall(found, [found.shape[1] * depth // DEPTHS[-1] for depth in DEPTHS])
        steps.append(Step(probes, recall))
        if min(recall) >= _ENOUGH:
            break
    return tuple(steps)


def probes_for(steps: Sequence[Step], target: float, k: int, lists: int) -> int:
    """The least number of probes that reached `target` where `k` are wanted; all if none did."""
    # A sample's recall may flatter: a quarter of the allowed loss is kept in hand.
    target += (1 - target) / 4
    place = next((n for n, depth in enumerate(DEPTHS) if k <= depth), len(DEPTHS) - 1)
    enough = next((step.probes for step in steps if step.recall[place] >= target), lists)
    deeper = max(1.0, k / DEPTHS[place])
    return min(lists, int(np.ceil(enough * deeper)))


def _rising(limit: int) -> list[int]:
    steps = [1]
    while steps[-1] < limit:
        steps.append(min(limit, max(steps[-1] + 1, round(1.3 * steps[-1]))))
    return steps
