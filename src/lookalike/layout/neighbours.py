"""Who is near whom among embeddings."""

from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from lookalike.types import Ids


@dataclass(frozen=True, slots=True)
class Graph:
    """Neighbours, both ways.

    Attributes:
        starts: (n,), where the edges of each point begin; every point has at least one.
        sources: (edges,), the point that an edge is of, rising.
        targets: (edges,), its neighbour.
        weights: (edges,) float32, sum 1: twice as much where each is a neighbour of the other.
    """

    starts: NDArray[np.intp]
    sources: NDArray[np.intp]
    targets: NDArray[np.intp]
    weights: NDArray[np.float32]


def nearest(
    points: NDArray[np.float32], among: NDArray[np.float32], k: int
) -> tuple[NDArray[np.float32], Ids]:
    """The `k` nearest of `among` to each of `points`: squared distances and rows, both (n, k)."""
    index = faiss.IndexFlatL2(among.shape[1])
    index.add(among)
    distances, rows = index.search(points, min(k, len(among)))
    return distances, rows


def graph(points: NDArray[np.float32], k: int) -> Graph:
    """Join each point with its `k` nearest others, fewer where there are fewer; n at least 2."""
    count = len(points)
    _, rows = nearest(points, points, min(k + 1, count))
    sources = np.repeat(np.arange(count), rows.shape[1])
    targets = rows.ravel()
    # A point need not be among its own neighbours: others may lie in the same place.
    other = sources != targets
    sources, targets = sources[other], targets[other]
    keys = np.concatenate([sources * count + targets, targets * count + sources])
    edges, times = np.unique(keys, return_counts=True)
    weights = times.astype(np.float32)
    sources = edges // count
    return Graph(
        np.searchsorted(sources, np.arange(count)),
        sources,
        edges % count,
        weights / weights.sum(),
    )
