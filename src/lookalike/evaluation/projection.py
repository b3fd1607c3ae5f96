"""A map of embeddings in two dimensions: exact t-SNE, in NumPy, for a sample of pictures.

t-SNE rather than PCA: the first two components of embeddings with six or more classes hold so
little of them that the classes lie on top of each other. Source: van der Maaten and Hinton 2008;
the start from PCA and the learning rate are those of Kobak and Berens 2019.
"""

from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from lookalike.types import Embeddings

_KEPT = 50
_EXAGGERATION = 12.0
_EARLY = 150

_Matrix: TypeAlias = NDArray[np.float32]
_F = TypeVar("_F", np.float32, np.float64)


def project(
    embeddings: Embeddings, *, perplexity: float = 30.0, iterations: int = 450
) -> NDArray[np.float64]:
    """Place pictures so that neighbours stay neighbours; the same input gives the same map.

    Args:
        embeddings: (n, dimension) float32, n at least 3; time and memory grow with n squared.
        perplexity: about how many neighbours each picture looks at; less where n is small.
        iterations: steps of gradient descent.

    Returns:
        (n, 2), each column within 0..1, both to one scale.
    """
    centred = (embeddings - embeddings.mean(axis=0)).astype(np.float64)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    components = (left * sizes)[:, :_KEPT]
    shared = _affinities(components, min(perplexity, (len(embeddings) - 1) / 3))
    places = components[:, :2].astype(np.float32)
    places *= 1e-4 / max(float(places[:, 0].std()), 1e-12)
    return _fit(_descend(shared, places, iterations))


def _affinities(points: NDArray[np.float64], perplexity: float) -> _Matrix:
    """Symmetric (n, n), sum 1: each row's Gaussian is as wide as gives it the perplexity."""
    count = len(points)
    distances = _squared_distances(points)
    # Relative to each row's own scale, so that the search starts near its end.
    distances /= np.maximum(distances.sum(axis=1, keepdims=True) / max(1, count - 1), 1e-12)
    np.fill_diagonal(distances, np.inf)
    nearest = distances.min(axis=1, keepdims=True)
    low, high = np.full((count, 1), 1e-3), np.full((count, 1), 1e5)
    weights = np.empty_like(distances)
    for _ in range(40):
        beta = np.sqrt(low * high)
        weights = np.exp(-(distances - nearest) * beta)
        weights /= weights.sum(axis=1, keepdims=True)
        entropy = -(weights * np.log(np.maximum(weights, 1e-300))).sum(axis=1, keepdims=True)
        wide = entropy > np.log(perplexity)
        low, high = np.where(wide, beta, low), np.where(wide, high, beta)
    shared = weights + weights.T
    return np.asarray(shared / shared.sum(), np.float32)


def _descend(shared: _Matrix, places: _Matrix, iterations: int) -> _Matrix:
    rate = max(len(places) / _EXAGGERATION / 4, 50.0)
    speed, gains = np.zeros_like(places), np.ones_like(places)
    for step in range(iterations):
        early = step < _EARLY
        near = 1 / (1 + _squared_distances(places))
        np.fill_diagonal(near, 0)
        pull = shared * np.float32(_EXAGGERATION if early else 1.0)
        pull -= near / max(float(near.sum()), 1e-12)
        pull *= near
        gradient = 4 * (pull.sum(axis=1, keepdims=True) * places - pull @ places)
        slower = np.sign(gradient) == np.sign(speed)
        gains = np.maximum(np.where(slower, gains * 0.8, gains + 0.2), 0.01)
        speed = (0.5 if early else 0.8) * speed - np.float32(rate) * gains * gradient
        places = places + speed
        places -= places.mean(axis=0)
    return places


def _squared_distances(points: NDArray[_F]) -> NDArray[_F]:
    lengths = (points * points).sum(axis=1)
    distances: NDArray[_F] = lengths[:, None] + lengths - 2 * (points @ points.T)
    np.maximum(distances, 0, out=distances)
    return distances


def _fit(places: _Matrix) -> NDArray[np.float64]:
    fitted = places.astype(np.float64)
    fitted -= fitted.min(axis=0)
    size = fitted.max(axis=0)
    scale = max(float(size.max()), 1e-12)
    return np.asarray(fitted / scale + (1 - size / scale) / 2)
