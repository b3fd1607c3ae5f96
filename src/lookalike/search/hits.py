"""The nearest pictures to an embedding, as hits."""

import os
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import QueryError
from lookalike.store import Store, StoredFile
from lookalike.types import Embeddings, Hit, Ids, Query


def nearest(
    store: Store,
    vector: Embeddings,
    query: Query,
    k: int,
    offset: int = 0,
    exclude: Collection[int] = (),
) -> list[Hit]:
    """The `k` nearest pictures after the first `offset` ones, nearest first.

    Args:
        store: the collection.
        vector: (1, dimension) float32, L2-normalised: what stands for the query's pictures.
        query: says which pictures to search among, and the least score.
        k: at least 1; fewer come back where fewer are stored, or fit.
        offset: how many to pass over, at least 0.
        exclude: ids to leave out.

    Raises:
        QueryError: `k` is below 1, `offset` is below 0, or the vector has another dimension.
    """
    if k < 1 or offset < 0:
        raise QueryError(f"k has to be at least 1 and offset at least 0, not {k} and {offset}")
    found = store.search(vector, k + offset + len(exclude), where=query.where)
    ids, scores = found.ids[0], found.scores[0]
    if exclude:
        kept = ~np.isin(ids, list(exclude))
        ids, scores = ids[kept], scores[kept]
    ids, scores = ids[offset : offset + k], scores[offset : offset + k]
    if query.min_score is not None:
        enough = scores >= query.min_score
        ids, scores = ids[enough], scores[enough]
    return hits_of(store, ids, scores)


def hits_of(store: Store, ids: Ids, scores: NDArray[np.float32]) -> list[Hit]:
    """Hits for these pictures, in their order; one that was removed since is left out."""
    stored = {item.id: item for item in store.get([int(i) for i in ids])}
    return [
        hit_of(stored[int(image_id)], float(score))
        for image_id, score in zip(ids, scores, strict=True)
        if int(image_id) in stored
    ]


def hit_of(item: StoredFile, score: float) -> Hit:
    """The hit that a picture is, with this cosine similarity."""
    file = item.file
    return Hit(
        id=item.id,
        path=file.path,
        # Vectors are kept as float16, whose rounding may lift a perfect match a hair above 1.
        score=max(-1.0, min(1.0, score)),
        width=file.width,
        height=file.height,
        format=file.format,
        bytes=file.size,
        modified=file.modified_at,
        digest=file.digest.hex(),
        taken=file.taken_at,
        offline=not os.path.lexists(file.path),
        frame=file.seconds,
    )
