"""Checks that every store makes before it trusts what it is given."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import QueryError, StoreError
from lookalike.store.base import Changes


def checked_vectors(changes: Changes, dimension: int) -> NDArray[np.float16]:
    """The vectors of `changes` as they are kept: (n, dimension) float16.

    Raises:
        StoreError: their number, dimension or length (L2) is not right.
    """
    if len(changes.vectors) != len(changes.put):
        raise StoreError(f"{len(changes.put)} pictures came with {len(changes.vectors)} vectors")
    if not changes.vectors:
        return np.empty((0, dimension), dtype=np.float16)
    if any(vector.shape != (dimension,) for vector in changes.vectors):
        wrong = next(v.shape for v in changes.vectors if v.shape != (dimension,))
        raise StoreError(f"a vector of shape {wrong} does not fit the dimension {dimension}")
    return checked_rows(np.stack(changes.vectors), dimension)


def checked_rows(matrix: NDArray[np.float32], dimension: int) -> NDArray[np.float16]:
    """Vectors (n, dimension) as they are kept.

    Raises:
        StoreError: their dimension or length (L2) is not right.
    """
    if matrix.ndim != 2 or matrix.shape[1] != dimension:
        raise StoreError(f"vectors of shape {matrix.shape} do not fit the dimension {dimension}")
    lengths = np.linalg.norm(matrix, axis=1)
    if not np.allclose(lengths, 1.0, atol=1e-3):
        raise StoreError("a vector is not L2-normalised; only an encoder's output can be stored")
    return matrix.astype(np.float16)


def check_moved(changes: Changes) -> None:
    """Refuse moves that contradict the rest of `changes`.

    Raises:
        StoreError: a picture is moved twice, or moved and removed.
    """
    ids = [moved.id for moved in changes.moved]
    contradicting = {i for i in ids if ids.count(i) > 1} if len(set(ids)) < len(ids) else set()
    contradicting |= set(ids) & set(changes.removed)
    if contradicting:
        raise StoreError(f"picture {min(contradicting)} was moved twice, or moved and removed")


def check_query(queries: NDArray[np.float32], k: int, dimension: int) -> None:
    """Refuse queries that make no sense.

    Raises:
        QueryError: `k` is below 1, the shape is not (n, dimension), or a value is not finite.
    """
    if k < 1:
        raise QueryError(f"k has to be at least 1, not {k}")
    if queries.ndim != 2 or queries.shape[1] != dimension:
        raise QueryError(
            f"the query has shape {queries.shape}, but the collection's embeddings have dimension "
            f"{dimension}; encode the query with the collection's encoder"
        )
    if not np.isfinite(queries).all():
        raise QueryError("the query has values that are not finite numbers")


def check_known(wanted: Sequence[int], found: int) -> None:
    """Refuse ids that are not there.

    Raises:
        StoreError: fewer were found than were wanted.
    """
    if found != len(set(wanted)):
        raise StoreError("an id is not in the collection; it may have been removed meanwhile")
