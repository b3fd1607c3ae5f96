"""Exact search over float16 vectors in memory.

The arithmetic is float32 over the float16 values that SQLite holds, so the scores are those of
the oracle. A query costs the time to read all vectors once, by all cores. Everything here is
immutable: whoever searches keeps what he has, while another one is made with more or less in it.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from lookalike.store.local.cores import cores
from lookalike.types import Embeddings, Ids

_untyped: Any = faiss  # what its type stubs lack, or have wrong

_CHUNK = 32_768
"""Most vectors of one chunk: small enough to share out among cores, large enough for the calls
not to count."""

_MATRIX = 8
"""From so many queries on, one multiplication of matrices is faster than FAISS query by query."""

_LINE = 64

_FEW = 0.05
"""Below this share of a chunk, the allowed vectors are picked out, not the others skipped."""


class Found(NamedTuple):
    """What was found for some queries: ids of pictures and scores, (queries, n), best first."""

    images: Ids
    scores: NDArray[np.float32]

    def best(self, k: int) -> "Found":
        """The `k` best of each row, or all where there are fewer."""
        if self.scores.shape[1] > k:
            part = np.argpartition(-self.scores, k - 1, axis=1)[:, :k]
            return self._take(part).best(k)
        return self._take(np.argsort(-self.scores, axis=1, kind="stable"))

    def _take(self, places: NDArray[np.intp]) -> "Found":
        return Found(
            np.take_along_axis(self.images, places, axis=1),
            np.take_along_axis(self.scores, places, axis=1),
        )


def merged(parts: list[Found], queries: int) -> Found:
    """The finds of several parts of a collection, side by side, in no order."""
    if not parts:
        return Found(np.empty((queries, 0), np.int64), np.empty((queries, 0), np.float32))
    return Found(
        np.concatenate([part.images for part in parts], axis=1),
        np.concatenate([part.scores for part in parts], axis=1),
    )


class _Chunk:
    """Up to `_CHUNK` vectors; `ids` are those of the vectors, `images` of their pictures."""

    def __init__(self, ids: Ids, images: Ids, vectors: NDArray[np.float16]) -> None:
        self.ids = ids
        self.images = images
        dimension = vectors.shape[1]
        index: Any = faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        codes = np.ascontiguousarray(vectors, dtype="<f2").view(np.uint8)
        index.add_sa_codes(codes.reshape(len(ids), 2 * dimension))
        self._index, self._memory = _in_large_pages(index, codes.nbytes)
        # FAISS reads the same memory.
        self.vectors: NDArray[np.float16] = (
            self._memory[len(self._memory) - codes.nbytes :]
            .view("<f2")
            .reshape(len(ids), dimension)
        )

    def search(self, queries: Embeddings, k: int, allowed: NDArray[np.bool_] | None) -> Found:
        if allowed is None:
            if len(queries) >= _MATRIX:
                return self._multiply(queries, self.images, self.vectors, k)
            return self._scan(queries, min(k, len(self.ids)), None)
        mask = self._mask(allowed)
        count = int(np.count_nonzero(mask))
        if count <= _FEW * len(mask) or len(queries) >= _MATRIX:
            return self._multiply(queries, self.images[mask], self.vectors[mask], k)
        selector = _untyped.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        return self._scan(queries, min(k, count), _untyped.SearchParameters(sel=selector))

    def _mask(self, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        mask = np.zeros(len(self.ids), dtype=bool)
        known = self.ids < len(allowed)
        mask[known] = allowed[self.ids[known]]
        return mask

    def _scan(self, queries: Embeddings, k: int, parameters: object) -> Found:
        # This thread alone: FAISS gives a query to one core, and the helpers that it would wake for
        # that keep the others busy waiting.
        faiss.omp_set_num_threads(1)
        scores, places = self._index.search(queries, k, params=parameters)
        return Found(self.images[places], scores)

    @staticmethod
    def _multiply(queries: Embeddings, images: Ids, vectors: NDArray[np.float16], k: int) -> Found:
        scores = queries @ vectors.astype(np.float32).T
        rows = np.broadcast_to(images, scores.shape)
        return Found(rows, scores).best(k) if len(images) else Found(rows, scores)


def _in_large_pages(index: Any, size: int) -> tuple[Any, NDArray[np.uint8]]:  # noqa: ANN401  FAISS
    """The same index over memory of NumPy's, where its last `size` bytes are the vectors.

    NumPy asks the system for large pages, FAISS does not: a scan of all vectors took 39 ms, not 54.
    """
    data: NDArray[np.uint8] = faiss.serialize_index(index)
    memory = np.empty(data.nbytes + _LINE, np.uint8)
    # Vectors begin at the beginning of a cache line.
    start = -(memory.ctypes.data + data.nbytes - size) % _LINE
    memory = memory[start : start + data.nbytes]
    memory[:] = data
    reader = _untyped.ZeroCopyIOReader(_untyped.swig_ptr(memory), memory.nbytes)
    return faiss.read_index(reader, _untyped.IO_FLAG_MMAP_IFC), memory


class ExactPart:
    """Vectors in memory, under rising ids."""

    def __init__(self, dimension: int, chunks: tuple[_Chunk, ...] = ()) -> None:
        self.dimension = dimension
        self._chunks = chunks

    def __len__(self) -> int:
        return sum(len(chunk.ids) for chunk in self._chunks)

    @property
    def ids(self) -> Ids:
        """Ids of its vectors, rising."""
        return np.concatenate([np.empty(0, np.int64), *(chunk.ids for chunk in self._chunks)])

    def batches(self) -> Iterator[tuple[Ids, Embeddings]]:
        """Its vectors under their ids, rising, float32, a part at a time."""
        for chunk in self._chunks:
            yield chunk.ids, chunk.vectors.astype(np.float32)

    def with_more(self, ids: Ids, images: Ids, vectors: NDArray[np.float16]) -> "ExactPart":
        """One that has these vectors too; their ids are above all that it has."""
        chunks = list(self._chunks)
        if chunks and len(chunks[-1].ids) < _CHUNK // 2:
            last = chunks.pop()
            ids = np.concatenate([last.ids, ids])
            images = np.concatenate([last.images, images])
            vectors = np.concatenate([last.vectors, vectors])
        for start in range(0, len(ids), _CHUNK):
            part = slice(start, start + _CHUNK)
            chunks.append(_Chunk(ids[part], images[part], vectors[part]))
        return ExactPart(self.dimension, tuple(chunks))

    def only(self, kept: Ids) -> "ExactPart":
        """One without the vectors whose ids are not in `kept`."""
        chunks = []
        for chunk in self._chunks:
            stays = np.isin(chunk.ids, kept)
            if stays.all():
                chunks.append(chunk)
            elif stays.any():
                part = chunk.ids[stays], chunk.images[stays], chunk.vectors[stays]
                chunks.append(_Chunk(*part))
        return ExactPart(self.dimension, tuple(chunks))

    def search(self, queries: Embeddings, k: int, allowed: NDArray[np.bool_] | None) -> Found:
        """The best of each query, (queries, min(k, those there)), in no order.

        Args:
            queries: (n, dimension) float32.
            k: at least 1.
            allowed: by vector id, whether it may be found; longer ids may not. None: all may.
        """
        if len(queries) == 1 and len(self._chunks) > 1:
            each = partial(_Chunk.search, queries=queries, k=k, allowed=allowed)
            parts = list(cores().map(each, self._chunks))
        else:
            parts = [chunk.search(queries, k, allowed) for chunk in self._chunks]
        return merged(parts, len(queries)).best(k)
