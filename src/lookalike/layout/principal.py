"""The directions in which embeddings differ most."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.types import Embeddings

KEPT = 50
"""Principal components that neighbours are looked for in."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A projection onto principal components: the mean (dimension,), the basis (dimension, 50)."""

    mean: NDArray[np.float32]
    basis: NDArray[np.float32]

    def __call__(self, embeddings: Embeddings) -> NDArray[np.float32]:
        """(n, dimension) to (n, 50 at most)."""
        return np.asarray((embeddings - self.mean) @ self.basis, np.float32)


def principal(embeddings: Embeddings) -> Principal:
    """The first 50 principal components, or as many as there are.

    By a random range finder with two power iterations (Halko et al. 2011): the full decomposition
    of thousands of embeddings takes longer than all the rest.
    """
    mean = embeddings.mean(axis=0)
    centred = embeddings - mean
    width = min(KEPT + 10, *centred.shape)
    basis = np.random.default_rng(0).normal(size=(centred.shape[1], width)).astype(np.float32)
    for _ in range(3):
        basis, _ = np.linalg.qr(centred.T @ (centred @ basis))
    _, _, turn = np.linalg.svd(centred @ basis, full_matrices=False)
    return Principal(mean, np.ascontiguousarray((basis @ turn.T)[:, :KEPT]))
