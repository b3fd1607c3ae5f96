"""The index of a large collection: vectors in lists by similarity, 2 bits a value.

A query looks into the lists whose centres are nearest (the probes), and what it finds there are
candidates: the caller scores them anew with the float16 vectors of the database. So the index
decides what is looked at, never what a score is.

Codes are those of a product quantiser whose tables fit into registers (André, Kermarrec and Le
Scouarnec, "Quicker ADC", 2019), of what is left of a vector beside its list's centre.
"""

import math
from collections.abc import Iterable
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from lookalike.store.local.tuning import QUERIES, Effort, Step, Truth, effort_for, measure
from lookalike.types import Embeddings, Ids

_untyped: Any = faiss  # what its type stubs lack, or have wrong

_SAMPLE_A_LIST = 40
"""Vectors of the training sample for each list."""

_ROUNDS = 8
_BITS = 4
"""Of a code; each stands for two values of a vector, or one where their number is odd."""


class IvfIndex:
    """An inverted file of vectors under their ids. Searched from any thread; never changed.

    Attributes:
        trained_on: how many vectors it had when its centres were chosen.
        steps: the recall that it reaches by the effort.
    """

    def __init__(
        self, index: object, trained_on: int, steps: tuple[Step, ...], keep: object = None
    ) -> None:
        self._index: Any = index
        self._keep = keep
        self.trained_on = trained_on
        self.steps = steps
        self._efforts: dict[tuple[float, int], Effort] = {}

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def lists(self) -> int:
        """How many lists there are."""
        return int(self._index.nlist)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._index.d)

    def ids(self) -> Ids:
        """The vector ids that it holds, in no order."""
        lists = self._index.invlists
        parts = [
            _untyped.rev_swig_ptr(lists.get_ids(number), size).copy()
            for number in range(self.lists)
            if (size := lists.list_size(number))
        ]
        return np.concatenate([np.empty(0, np.int64), *parts])

    def effort(self, recall: float, k: int, share: float = 1.0) -> Effort:
        """What finds the share `recall` of the `k` true nearest, for the least time.

        Args:
            recall: above 0, below 1.
            k: at least 1.
            share: of all vectors, those that may be found.
        """
        if share < 1:
            return effort_for(self.steps, recall, k, share, self.lists, len(self))
        # Working it out takes as long as the search itself.
        known = self._efforts.get((recall, k))
        if known is None:
            known = effort_for(self.steps, recall, k, share, self.lists, len(self))
            self._efforts[recall, k] = known
        return known

    def candidates(
        self, queries: Embeddings, count: int, probes: int, allowed: NDArray[np.bool_] | None
    ) -> Ids:
        """Ids of the vectors to score, (queries, count); -1 where there are no more.

        Args:
            queries: (n, dimension) float32.
            count: at least 1.
            probes: lists to look into.
            allowed: by vector id, whether it may be found; None is all.
        """
        selector = None
        if allowed is not None:
            selector = _untyped.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        parameters = _untyped.SearchParametersIVF(nprobe=probes, sel=selector)
        found: Ids = self._index.search(queries, min(count, len(self)), params=parameters)[1]
        return found

    def serialised(self) -> NDArray[np.uint8]:
        """Its bytes, as `of_bytes` takes them."""
        data: NDArray[np.uint8] = faiss.serialize_index(self._index)
        return data

    @classmethod
    def of_bytes(
        cls, data: NDArray[np.uint8], trained_on: int, steps: tuple[Step, ...]
    ) -> "IvfIndex":
        """One over memory that stays where it is, such as a mapped file; it is kept alive.

        The lists are copied all the same, as their codes have to be aligned.

        Raises:
            RuntimeError: FAISS cannot read it.
        """
        reader = _untyped.ZeroCopyIOReader(_untyped.swig_ptr(data), data.nbytes)
        index = faiss.read_index(reader, _untyped.IO_FLAG_MMAP_IFC)
        if not isinstance(index, faiss.IndexIVFPQFastScan):
            raise RuntimeError("it is another kind of index")  # noqa: TRY004  as FAISS raises
        return cls(index, trained_on, steps, keep=(data, reader))

    @classmethod
    def build(
        cls,
        sample: Embeddings,
        queries: tuple[Ids, Embeddings],
        batches: Iterable[tuple[Ids, Embeddings]],
        count: int,
    ) -> "IvfIndex":
        """Train, fill and tune an index.

        Args:
            sample: vectors to choose the centres by, see `sample_size`.
            queries: ids and vectors to tune with.
            batches: all vectors with their ids.
            count: how many there are, roughly.
        """
        lists = list_count(count)
        dimension = sample.shape[1]
        clustering: Any = faiss.Kmeans(
            dimension,
            lists,
            niter=_ROUNDS,
            spherical=True,
            seed=1,
            min_points_per_centroid=1,
            max_points_per_centroid=_SAMPLE_A_LIST,
        )
        clustering.train(sample)
        centres: Any = faiss.IndexFlatIP(dimension)
        centres.add(clustering.centroids)
        codes = dimension // 2 if dimension % 2 == 0 else dimension
        index: Any = _untyped.IndexIVFPQFastScan(
            centres, dimension, lists, codes, _BITS, faiss.METRIC_INNER_PRODUCT
        )
        index.by_residual = True
        index.pq.cp.min_points_per_centroid = 1
        index.own_fields = True
        centres.this.disown()
        index.train(sample)
        truth = Truth(*queries)
        for ids, vectors in batches:
            index.add_with_ids(vectors, ids)
            truth.see(ids, vectors)
        return cls(index, int(index.ntotal), _tuned(index, truth))

    def extended(self, batches: Iterable[tuple[Ids, Embeddings]], gone: Ids) -> "IvfIndex":
        """One with more vectors in it and some fewer, under the same centres."""
        index: Any = faiss.deserialize_index(self.serialised())
        if len(gone):
            index.remove_ids(faiss.IDSelectorBatch(gone))
        for ids, vectors in batches:
            index.add_with_ids(vectors, ids)
        return IvfIndex(index, self.trained_on, self.steps)


def list_count(vectors: int) -> int:
    """How many lists a collection of so many vectors gets."""
    return max(1, round(1.5 * math.sqrt(vectors)))


def sample_size(vectors: int) -> int:
    """How many vectors the centres are chosen by."""
    return min(vectors, _SAMPLE_A_LIST * list_count(vectors))


def query_count(vectors: int) -> int:
    """How many vectors the probes are tuned with."""
    return min(vectors, QUERIES)


def _tuned(index: Any, truth: Truth) -> tuple[Step, ...]:  # noqa: ANN401  FAISS's
    """The recall by the effort."""

    def search(candidates: int, probes: int) -> Ids:
        parameters = _untyped.SearchParametersIVF(nprobe=probes)
        count = min(candidates, index.ntotal)
        found: Ids = index.search(truth.queries, count, params=parameters)[1]
        return found

    return measure(truth, search, index.nlist)
