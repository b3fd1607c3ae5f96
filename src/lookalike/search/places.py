"""The pictures nearest to any of several embeddings, whole or in a region."""

import numpy as np

from lookalike.errors import QueryError
from lookalike.store import Layer, Places, Store
from lookalike.types import Embeddings, Where


def nearest_places(
    store: Store, queries: Embeddings, k: int, where: Where | None, *, regions: bool
) -> Places:
    """The `k` nearest pictures, each once, by its best score to any query; nearest first.

    Args:
        store: the collection.
        queries: (n, dimension) float32, L2-normalised.
        k: at least 1.
        where: search only among the pictures that fit.
        regions: whether a region of a picture may be what is nearest.

    Raises:
        QueryError: `k` is below 1, the queries have another dimension, or the collection keeps no
            regions.
    """
    found = store.search(queries, k, where=where)
    places = _best(
        Places(
            found.ids.ravel(),
            found.scores.ravel(),
            np.tile(np.array([[0, 0, 1, 1]], np.float32), (found.ids.size, 1)),
            np.repeat(np.arange(len(queries)), found.ids.shape[1]),
        ),
        k,
    )
    layers = store.layers
    if not regions:
        return places
    layer = regions_of(store)
    if layer is None or layers is None:
        raise QueryError(
            "this collection keeps no regions of its pictures: add them with "
            "lookalike index --regions"
        )
    parts = layers.search(layer, queries, k, where=where)
    both = Places(
        np.concatenate([places.ids, parts.ids]),
        np.concatenate([places.scores, parts.scores]),
        np.concatenate([places.boxes, parts.boxes]),
        np.concatenate([places.queries, parts.queries]),
    )
    return _best(both, k)


def regions_of(store: Store) -> Layer | None:
    """The layer of regions of the encoder that answers; None where there is none."""
    layers = store.layers
    known = [] if layers is None else layers.all()
    return next((each for each in known if each.regions and each.encoder == store.encoder), None)


def _best(places: Places, k: int) -> Places:
    """The best place of each picture; of equal ones the first."""
    order = np.argsort(-places.scores, kind="stable")
    _, first = np.unique(places.ids[order], return_index=True)
    chosen = order[np.sort(first)[:k]]
    return Places(
        places.ids[chosen], places.scores[chosen], places.boxes[chosen], places.queries[chosen]
    )
