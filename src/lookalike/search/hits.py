"""The nearest pictures to an embedding, as hits."""

import os
from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import QueryError
from lookalike.search.places import nearest_places
from lookalike.search.turns import ORIENTATIONS
from lookalike.store import Places, Store, StoredFile
from lookalike.types import Embeddings, Hit, Ids, Query, is_address


def nearest(
    store: Store,
    vectors: Embeddings,
    query: Query,
    k: int,
    offset: int = 0,
    exclude: Collection[int] = (),
) -> list[Hit]:
    """The `k` nearest pictures after the first `offset` ones, nearest first.

    Args:
        store: the collection.
        vectors: (n, dimension) float32, L2-normalised: what stands for the query's pictures; one,
            or one for each of `ORIENTATIONS` where any was asked for.
        query: says which pictures to search among, and the least score.
        k: at least 1; fewer come back where fewer are stored, or fit.
        offset: how many to pass over, at least 0.
        exclude: ids to leave out.

    Raises:
        QueryError: `k` is below 1, `offset` is below 0, the vectors have another dimension, or the
            collection keeps no regions where they were asked for.
    """
    if k < 1 or offset < 0:
        raise QueryError(f"k has to be at least 1 and offset at least 0, not {k} and {offset}")
    wanted = k + offset + len(exclude)
    found = nearest_places(store, vectors, wanted, query.where, regions=query.regions)
    chosen = np.flatnonzero(~np.isin(found.ids, list(exclude)))[offset : offset + k]
    if query.min_score is not None:
        chosen = chosen[found.scores[chosen] >= query.min_score]
    hits = hits_of(store, found.ids[chosen], found.scores[chosen])
    if not (query.any_orientation or query.regions):
        return hits
    rows = {int(found.ids[row]): row for row in chosen}
    return [_placed(hit, found, rows[hit.id], query) for hit in hits]


def _placed(hit: Hit, found: Places, row: int, query: Query) -> Hit:
    """The hit with where in it, and in which position, the query was found."""
    orientation = ORIENTATIONS[int(found.queries[row])] if query.any_orientation else None
    left, top, width, height = found.boxes[row].tolist()
    whole = (width, height) == (1, 1)
    return replace(
        hit, orientation=orientation, region=None if whole else (left, top, width, height)
    )


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
        offline=not is_address(file.path) and not os.path.lexists(file.path),
        frame=file.seconds,
    )
