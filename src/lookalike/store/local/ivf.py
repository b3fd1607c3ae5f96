"""The index of a large collection: vectors in lists by similarity, 6 bits a value.

A query looks into the lists whose centres are nearest (the probes), and what it finds there are
candidates: the caller scores them anew with the float16 vectors of the database. So the index
decides what is looked at, never what a score is.
"""

import math
from collections.abc import Iterable
from functools import partial
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from lookalike.store.local.cores import COUNT, cores
from lookalike.store.local.tuning import DEPTHS, QUERIES, Step, Truth, measure
from lookalike.types import Embeddings, Ids

_untyped: Any = faiss  # what its type stubs lack, or have wrong

_SAMPLE_A_LIST = 40
"""Vectors of the training sample for each list."""

_LISTS_A_PART = 4
"""Fewest lists that a thread is woken for."""

_ROUNDS = 8
_WIDE = 256  # lists that hold next to all true neighbours
_LOSSLESS = 0.999
_FACTORS = (2, 4, 8)
"""Candidates for each neighbour that is wanted: the first of these that loses next to nothing."""


class IvfIndex:
    """An inverted file of vectors under their ids. Searched from any thread; never changed.

    Attributes:
        trained_on: how many vectors it had when its centres were chosen.
        factor: candidates to ask for, for each neighbour that is wanted.
        steps: the recall that it reaches by the number of probes.
    """

    def __init__(
        self,
        index: object,
        trained_on: int,
        factor: int,
        steps: tuple[Step, ...],
        keep: object = None,
    ) -> None:
        self._index: Any = index
        self._keep = keep
        self.trained_on = trained_on
        self.factor = factor
        self.steps = steps

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
        count = min(count, len(self))
        if len(queries) > 1:
            parameters = _untyped.SearchParametersIVF(nprobe=probes, sel=selector)
            found: Ids = self._index.search(queries, count, params=parameters)[1]
            return found
        # FAISS would leave a single query to one core.
        queries = np.ascontiguousarray(queries)
        near, lists = self._index.quantizer.search(queries, probes)
        parts = max(1, min(COUNT, probes // _LISTS_A_PART))
        looks = cores().map(
            partial(self._look, queries, count, selector),
            [np.ascontiguousarray(near[:, part::parts]) for part in range(parts)],
            [np.ascontiguousarray(lists[:, part::parts]) for part in range(parts)],
        )
        ids, scores = (np.concatenate(part, axis=1) for part in zip(*looks, strict=True))
        best = np.argpartition(-scores, count - 1, axis=1)[:, :count]
        kept: Ids = np.take_along_axis(ids, best, axis=1)
        return kept

    def _look(
        self,
        query: Embeddings,
        count: int,
        selector: object,
        near: NDArray[np.float32],
        lists: Ids,
    ) -> tuple[Ids, NDArray[np.float32]]:
        """Candidates for a query and their scores, (1, count), in lists at these similarities."""
        scores = np.empty((1, count), np.float32)
        ids = np.empty((1, count), np.int64)
        self._index.search_preassigned_c(
            1,
            _untyped.swig_ptr(query),
            count,
            _untyped.swig_ptr(lists),
            _untyped.swig_ptr(near),
            _untyped.swig_ptr(scores),
            _untyped.swig_ptr(ids),
            False,  # the ids, not where they are stored
            _untyped.SearchParametersIVF(nprobe=lists.shape[1], sel=selector),
        )
        return ids, scores

    def serialised(self) -> NDArray[np.uint8]:
        """Its bytes, as `of_bytes` takes them."""
        data: NDArray[np.uint8] = faiss.serialize_index(self._index)
        return data

    @classmethod
    def of_bytes(
        cls, data: NDArray[np.uint8], trained_on: int, factor: int, steps: tuple[Step, ...]
    ) -> "IvfIndex":
        """One over memory that stays where it is, such as a mapped file; it is kept alive.

        Raises:
            RuntimeError: FAISS cannot read it.
        """
        reader = _untyped.ZeroCopyIOReader(_untyped.swig_ptr(data), data.nbytes)
        index = faiss.read_index(reader, _untyped.IO_FLAG_MMAP_IFC)
        if not isinstance(index, faiss.IndexIVFScalarQuantizer):
            raise RuntimeError("it is another kind of index")  # noqa: TRY004  as FAISS raises
        return cls(index, trained_on, factor, steps, keep=(data, reader))

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
        index: Any = faiss.IndexIVFScalarQuantizer(
            centres,
            dimension,
            lists,
            faiss.ScalarQuantizer.QT_6bit,
            faiss.METRIC_INNER_PRODUCT,
            False,
        )
        index.own_fields = True
        centres.this.disown()
        index.train(sample)
        truth = Truth(*queries)
        for ids, vectors in batches:
            index.add_with_ids(vectors, ids)
            truth.see(ids, vectors)
        return cls(index, int(index.ntotal), *_tuned(index, truth))

    def extended(self, batches: Iterable[tuple[Ids, Embeddings]], gone: Ids) -> "IvfIndex":
        """One with more vectors in it and some fewer, under the same centres."""
        index: Any = faiss.deserialize_index(self.serialised())
        if len(gone):
            index.remove_ids(faiss.IDSelectorBatch(gone))
        for ids, vectors in batches:
            index.add_with_ids(vectors, ids)
        return IvfIndex(index, self.trained_on, self.factor, self.steps)


def list_count(vectors: int) -> int:
    """How many lists a collection of so many vectors gets."""
    return max(1, round(1.5 * math.sqrt(vectors)))


def sample_size(vectors: int) -> int:
    """How many vectors the centres are chosen by."""
    return min(vectors, _SAMPLE_A_LIST * list_count(vectors))


def query_count(vectors: int) -> int:
    """How many vectors the probes are tuned with."""
    return min(vectors, QUERIES)


def _tuned(index: Any, truth: Truth) -> tuple[int, tuple[Step, ...]]:  # noqa: ANN401  FAISS's
    """The candidates to ask for, and the recall by the number of probes."""

    def search(candidates: int, probes: int) -> Ids:
        parameters = _untyped.SearchParametersIVF(nprobe=probes)
        # One more, since each finds itself.
        count = min(candidates + 1, index.ntotal)
        found: Ids = index.search(truth.queries, count, params=parameters)[1]
        return found

    for factor in _FACTORS:
        found = search(factor * DEPTHS[0], min(index.nlist, _WIDE))
        if truth.recall(found, [found.shape[1]] * len(DEPTHS))[0] >= _LOSSLESS:
            break
    return factor, measure(truth, lambda depth, n: search(factor * depth, n), index.nlist)
