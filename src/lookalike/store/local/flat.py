"""Exact search over float16 vectors, by FAISS.

Its arithmetic is float32 over the float16 values that SQLite holds, so the scores are those of
the oracle. A query costs the time to read all vectors once.
"""

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from lookalike.types import Embeddings, Ids

_untyped: Any = faiss  # what its type stubs lack, or have wrong


class FlatIndex:
    """A FAISS index of all vectors, under the ids of the `vectors` table."""

    kind = "flat-fp16"

    def __init__(self, dimension: int) -> None:
        storage = faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        self._owner: Any = storage
        self._index: Any = faiss.IndexIDMap2(storage)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def ids(self) -> Ids:
        """The vector ids it holds, int64, in no particular order."""
        return np.asarray(faiss.vector_to_array(self._index.id_map), dtype=np.int64)

    def add(self, ids: Ids, vectors: NDArray[np.float16]) -> None:
        """Add vectors (n, dimension) under their ids."""
        self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), ids)

    def remove(self, ids: Ids) -> None:
        """Remove the vectors with these ids."""
        self._index.remove_ids(faiss.IDSelectorBatch(ids))

    def search(
        self, queries: Embeddings, k: int, allowed: Ids | None = None
    ) -> tuple[Ids, NDArray[np.float32]]:
        """Vector ids and cosine scores of the nearest, (queries, k) each.

        Args:
            queries: (n, dimension).
            k: at most `len(self)`, or `len(allowed)`.
            allowed: search among these vector ids only, all of which it holds.
        """
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        if allowed is None:
            scores, ids = self._index.search(queries, k)
            return ids, scores
        bits = np.zeros(int(allowed.max(initial=0)) + 1, dtype=bool)
        bits[allowed] = True
        selector = _untyped.IDSelectorBitmap(np.packbits(bits, bitorder="little"))
        parameters = _untyped.SearchParameters(sel=selector)
        scores, ids = self._index.search(queries, k, params=parameters)
        return ids, scores

    def save(self, path: str) -> None:
        """Write it to a file."""
        # FAISS takes only names that are UTF-8; a folder's name may be anything.
        with open(path, "wb") as file:
            faiss.write_index(self._index, _untyped.PyCallbackIOWriter(file.write))

    @classmethod
    def load(cls, path: str) -> "FlatIndex":
        """Read it from a file; RuntimeError where FAISS cannot."""
        loaded = cls.__new__(cls)
        with open(path, "rb") as file:
            # It frees its memory when it goes.
            loaded._owner = faiss.read_index(_untyped.PyCallbackIOReader(file.read))
        loaded._index = faiss.downcast_index(loaded._owner)
        return loaded
