"""How well ways to combine pictures for and against find more of what was meant.

    python -m benchmarks.combining COLLECTION [--queries 300] [--seed 0]

COLLECTION is of labelled folders, one a class. Each query plays a person who marks results: it
starts from one picture, marks the first right hits as more like this (three positives in all), and
the first wrong ones as less like this (one or three negatives). Precision is over the next 20 hits,
without what was marked.

The ways: Rocchio's rule with several weights of the negatives (0 leaves them out), and Qdrant's
best score: a candidate scores its best positive, unless a negative is nearer, which puts it behind
all others, the nearer the further.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.table import print_table
from lookalike.store import LocalStore
from lookalike.types import Embeddings

Scores = NDArray[np.float32]
Rule = Callable[[Embeddings, Embeddings, Embeddings], Scores]
AT = 20
"""How many hits are looked at."""


@dataclass(frozen=True)
class Marked:
    """What one person marked: rows of the gallery."""

    label: int
    positives: NDArray[np.int64]
    negatives: NDArray[np.int64]


def rocchio(gamma: float) -> Rule:
    """Scores by the mean of the positives less `gamma` times that of the negatives."""

    def score(gallery: Embeddings, positives: Embeddings, negatives: Embeddings) -> Scores:
        vector = positives.mean(axis=0) - gamma * negatives.mean(axis=0)
        return np.asarray(gallery @ (vector / np.linalg.norm(vector)), dtype=np.float32)

    return score


def best_score(gallery: Embeddings, positives: Embeddings, negatives: Embeddings) -> Scores:
    """Scores by the best positive, or by the nearer negative, which is worse than any positive."""
    good = (gallery @ positives.T).max(axis=1)
    bad = (gallery @ negatives.T).max(axis=1)
    return np.asarray(np.where(good > bad, good, -2 - bad), dtype=np.float32)


def mark(
    gallery: Embeddings, labels: NDArray[np.int64], queries: NDArray[np.int64], negatives: int
) -> Iterator[Marked]:
    """What people would mark in the results of each query; those who find nothing wrong are out."""
    for query in queries:
        order = np.argsort(-(gallery @ gallery[query]))[1:200]
        right = order[labels[order] == labels[query]][:2]
        wrong = order[labels[order] != labels[query]][:negatives]
        if len(right) == 2 and len(wrong) == negatives:
            yield Marked(int(labels[query]), np.array([query, *right]), wrong)


def precision(scores: Scores, labels: NDArray[np.int64], marked: Marked) -> float:
    """The share of the right class among the first hits that were not marked."""
    scores[[*marked.positives, *marked.negatives]] = -np.inf
    best = np.argpartition(-scores, AT)[:AT]
    return float((labels[best] == marked.label).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("collection")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    store = LocalStore(options.collection)
    parts = list(store.scan())
    store.close()
    names = [os.path.dirname(item.file.path) for part, _ in parts for item in part]
    labels = np.unique(names, return_inverse=True)[1].astype(np.int64)
    gallery = np.concatenate([vectors for _, vectors in parts])
    rng = np.random.default_rng(options.seed)
    queries = rng.permutation(len(labels))[: options.queries]
    ways: dict[str, Rule] = {
        **{f"Rocchio, negatives x {g:g}": rocchio(g) for g in (0, 0.25, 0.5, 0.75, 1)},
        "best score": best_score,
    }
    rows: list[list[str]] = [[name] for name in ways]
    for negatives in (1, 3):
        people = list(mark(gallery, labels, queries, negatives))
        for row, way in zip(rows, ways.values(), strict=True):
            found = [
                precision(way(gallery, gallery[p.positives], gallery[p.negatives]), labels, p)
                for p in people
            ]
            row.append(f"{np.mean(found):.3f}")
        print(f"{negatives} negatives: {len(people)} people")
    print_table(["rule", "1 negative", "3 negatives"], rows)


if __name__ == "__main__":
    main()
