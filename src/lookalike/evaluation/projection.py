"""A map of embeddings in two dimensions: exact t-SNE, in NumPy, for a sample of pictures.

t-SNE rather than PCA: the first two components of embeddings with six or more classes hold so
little of them that the classes lie on top of each other. Source: van der Maaten and Hinton 2008;
the start from PCA and the learning rate are those of Kobak and Berens 2019.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lookalike.types import Embeddings

_KEPT = 50
_EXAGGERATION = 12.0
_EARLY = 150

_Matrix: TypeAlias = NDArray[np.float32]


def project(
    embeddings: Embeddings, *, perplexity: float = 30.0, iterations: int = 450
) -> NDArray[np.float64]:
    """Place pictures so that neighbours stay neighbours; the same input gives the same map.

    Args:
        embeddings: (n, dimension) float32, n at least 3; time and memory grow with n squared.
        perplexity: about how many neighbours each picture looks at; less where n is small.
        iterations: steps of gradient descent.

    Returns:
        (n, 2), centred, within -1..1; the widest direction is the first column.
    """
    components = _principal(embeddings)
    shared = _affinities(components, min(perplexity, (len(embeddings) - 1) / 3))
    places = np.zeros((2, len(embeddings)), np.float32)
    places[: components.shape[1]] = components[:, :2].T
    places *= 1e-4 / max(float(places[0].std()), 1e-12)
    return _level(_descend(shared, places, iterations).T)


def _principal(embeddings: Embeddings) -> NDArray[np.float64]:
    """The first 50 principal components, (n, 50 at most).

    By a random range finder with two power iterations (Halko et al. 2011): the full decomposition
    of a thousand embeddings takes longer than all the rest.
    """
    centred = embeddings - embeddings.mean(axis=0)
    width = min(_KEPT + 10, *centred.shape)
    basis = np.random.default_rng(0).normal(size=(centred.shape[1], width)).astype(np.float32)
    for _ in range(3):
        basis, _ = np.linalg.qr(centred.T @ (centred @ basis))
    left, sizes, _ = np.linalg.svd(centred @ basis, full_matrices=False)
    return np.asarray((left * sizes)[:, :_KEPT], np.float64)


def _affinities(points: NDArray[np.float64], perplexity: float) -> _Matrix:
    """Symmetric (n, n), sum 1: each row's Gaussian is as wide as gives it the perplexity."""
    count = len(points)
    lengths = (points * points).sum(axis=1)
    distances = np.maximum(lengths[:, None] + lengths - 2 * (points @ points.T), 0)
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
    """Gradient descent with momentum and a gain a coordinate; `places` and result are (2, n)."""
    count = places.shape[1]
    rate = np.float32(max(count / _EXAGGERATION / 4, 50.0))
    speed, gains = np.zeros_like(places), np.ones_like(places)
    # Buffers: to ask for fresh megabytes in every step would cost more than the arithmetic.
    near, pull = np.empty((count, count), np.float32), np.empty((count, count), np.float32)
    for step in range(iterations):
        early = step < _EARLY
        np.subtract.outer(places[0], places[0], out=near)
        np.multiply(near, near, out=near)
        np.subtract.outer(places[1], places[1], out=pull)
        np.multiply(pull, pull, out=pull)
        near += pull
        near += 1
        np.reciprocal(near, out=near)
        np.fill_diagonal(near, 0)
        np.multiply(near, np.float32(-1 / max(float(near.sum()), 1e-12)), out=pull)
        pull += shared * np.float32(_EXAGGERATION) if early else shared
        pull *= near
        # einsum, not @: threads of BLAS that wait for a busy core cost ten times the product.
        gradient = 4 * (pull.sum(axis=1) * places - np.einsum("ij,dj->di", pull, places))
        slower = np.sign(gradient) == np.sign(speed)
        gains = np.maximum(np.where(slower, gains * 0.8, gains + 0.2), 0.01)
        speed = (0.5 if early else 0.8) * speed - rate * gains * gradient
        places = places + speed
        places -= places.mean(axis=1, keepdims=True)
    return places


def _level(places: _Matrix) -> NDArray[np.float64]:
    """Centred, turned so that the widest direction lies across, the furthest reach 1."""
    centred = places.astype(np.float64) - places.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned = centred @ axes.T
    return np.asarray(turned / max(float(np.abs(turned).max()), 1e-12))
