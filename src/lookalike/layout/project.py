"""A map of embeddings: t-SNE over a graph of neighbours, and room for any number beside it.

t-SNE rather than the first two principal components: of embeddings with many kinds of pictures,
those hold so little that the kinds lie on top of each other.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lookalike.layout.descent import descend
from lookalike.layout.neighbours import graph, nearest
from lookalike.layout.principal import Principal, principal
from lookalike.types import Embeddings

MAX_LANDMARKS = 20_000
"""Pictures that are laid out with regard to each other; more are placed among them."""

_NEIGHBOURS = 10
_EARLY, _LATE = 60, 150
_EXAGGERATION = 12.0
_AROUND = 5
"""Landmarks that decide where another picture is placed."""

MapPlaces: TypeAlias = NDArray[np.float32]
"""(n, 2) float32, within -1..1."""


def project(embeddings: Embeddings) -> MapPlaces:
    """Place pictures so that neighbours stay neighbours; the same input gives the same map.

    Args:
        embeddings: (n, dimension) float32, n up to about `MAX_LANDMARKS`: time grows with n.

    Returns:
        (n, 2), centred, within -1..1; the widest direction is the first column.
    """
    return Layout(embeddings).places


@dataclass(frozen=True, slots=True)
class _Landmarks:
    principal: Principal
    points: NDArray[np.float32]


class Layout:
    """A map of some pictures, the landmarks, and the way to place more among them."""

    def __init__(self, embeddings: Embeddings) -> None:
        """Lay out the landmarks, (n, dimension) float32; `places` then has them, (n, 2)."""
        if len(embeddings) < 2:
            self.places: MapPlaces = np.zeros((len(embeddings), 2), np.float32)
            self._landmarks: _Landmarks | None = None
            return
        found = principal(embeddings)
        points = found(embeddings)
        self._landmarks = _Landmarks(found, points)
        start = np.zeros((2, len(points)), np.float32)
        start[: points.shape[1]] = points[:, :2].T
        start *= 1e-4 / max(float(start[0].std()), 1e-12)
        near = graph(points, _NEIGHBOURS)
        places = descend(near, start, steps=_EARLY, exaggeration=_EXAGGERATION)
        places = descend(near, places, steps=_LATE, exaggeration=1.0)
        self.places = _level(places)

    def place(self, embeddings: Embeddings) -> MapPlaces:
        """Places for more pictures, (n, 2): each among the landmarks that are most like it.

        Landmarks come out where they are. Time grows with n times the number of landmarks.
        """
        if self._landmarks is None:
            return np.zeros((len(embeddings), 2), np.float32)
        distances, rows = nearest(
            self._landmarks.principal(embeddings), self._landmarks.points, _AROUND
        )
        weights = 1 / np.maximum(distances, 1e-9)
        weights /= weights.sum(axis=1, keepdims=True)
        return np.asarray((self.places[rows] * weights[:, :, None]).sum(axis=1), np.float32)


def _level(places: NDArray[np.float32]) -> MapPlaces:
    """(2, n) to (n, 2): turned so that the widest direction lies across, the furthest reach 1."""
    centred = places.T - places.mean(axis=1)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned = centred @ axes.T
    return np.asarray(turned / max(float(np.abs(turned).max()), 1e-12), np.float32)
