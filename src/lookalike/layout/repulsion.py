"""How places on a map push each other away: the far field of t-SNE, on a grid, by FFT.

The sum over all pairs is a convolution. Places are spread onto the nodes of a grid, the grid is
convolved, and the result is read off at the places again: time grows with their number, not with
its square. Source: Linderman et al. 2019, "Fast interpolation-based t-SNE".
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

_SPACING = 0.35
"""Wanted distance of nodes; the kernel is about 1 wide."""

_SMALLEST, _LARGEST = 32, 192
"""Nodes a side. On a wide map the largest grid blurs what is closer than a node."""

Places: TypeAlias = NDArray[np.float32]
"""(2, n) float32: places as columns."""


def repulsion(places: Places) -> Places:
    """What pushes each place away from all others, (2, n): sum (a - b) q^2 / sum q.

    q of two places is 1 / (1 + distance^2), and the sum below the line goes over all pairs.
    """
    low = places.min(axis=1, keepdims=True)
    width = float((places.max(axis=1, keepdims=True) - low).max())
    nodes = int(np.clip(width / _SPACING, _SMALLEST, _LARGEST))
    spacing = max(width, 1e-6) / (nodes - 3)
    grid = _Grid((places - low) / spacing + 1, nodes)
    centred = places - places.mean(axis=1, keepdims=True)  # small numbers cancel less
    squares = (centred * centred).sum(axis=0)
    charges = np.stack([np.ones_like(squares), *centred, squares])
    ones, across, down, squared = grid.convolve(charges, spacing)
    # sum_b q(a, b) from sums of q^2, as 1 / q = 1 + |a|^2 - 2 a b + |b|^2.
    whole = (1 + squares) * ones - 2 * (centred[0] * across + centred[1] * down) + squared
    total = max(float(whole.sum()) - places.shape[1], 1e-12)
    return np.asarray((centred * ones - np.stack([across, down])) / total, np.float32)


class _Grid:
    """Places among the nodes of a square grid, each with the weights of the nine around it."""

    def __init__(self, places: Places, nodes: int) -> None:
        """Take places in units of the spacing, from 1 to nodes - 2."""
        self._nodes = nodes
        nearest = np.rint(places).astype(np.int32)
        away = places - nearest
        # Quadratic interpolation through the nearest node and its two neighbours.
        weights = np.stack([away * (away - 1) / 2, 1 - away * away, away * (away + 1) / 2])
        self._weights = (weights[:, None, 0] * weights[None, :, 1]).reshape(9, -1)
        steps = np.arange(-1, 2, dtype=np.int32)
        corner = nearest[0] * nodes + nearest[1]
        self._cells = ((steps[:, None] * nodes + steps).reshape(9, 1) + corner).astype(np.intp)

    def convolve(self, charges: NDArray[np.float32], spacing: float) -> NDArray[np.float32]:
        """The sum over all places of charge x q^2, at each place; (charges, n)."""
        nodes, cells = self._nodes, self._cells.ravel()
        spread = np.stack(
            [
                np.bincount(cells, (self._weights * charge).ravel(), nodes * nodes)
                for charge in charges
            ]
        ).reshape(-1, nodes, nodes)
        size = 2 * nodes
        steps = np.minimum(np.arange(size), size - np.arange(size)) * spacing
        kernel = np.fft.rfft2((1 + steps[:, None] ** 2 + steps**2) ** -2.0)
        field = np.fft.irfft2(np.fft.rfft2(spread, (size, size)) * kernel, (size, size))
        flat = field[:, :nodes, :nodes].reshape(len(charges), -1).astype(np.float32)
        return np.stack([(self._weights * layer[self._cells]).sum(axis=0) for layer in flat])
