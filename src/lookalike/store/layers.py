"""What a store may keep beside the one embedding of each picture that `Store` speaks of.

A layer is a whole set of embeddings: of another encoder, which may take over one day, or of regions
of the pictures. All layers are of the same pictures, so ids, labels, roots and everything that is
known of files are there once. One layer answers: `Store.vectors`, `search`, `scan` and `state`
speak of it.

A layer is filled bit by bit, and may lack pictures: new ones, changed ones, those whose files are
away. What answers may lack some too, once it has taken over; those are in `page` and `count`, and
have nothing in `vectors`, `search` and `scan`.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from lookalike.encoders.spec import EncoderIdentity
from lookalike.store.base import StoredFile
from lookalike.types import Embeddings, Ids, Where

Boxes = NDArray[np.float32]
"""Parts of pictures, (n, 4): left, top, width and height, as shares of the upright picture."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One set of embeddings.

    Attributes:
        number: names it; never given again.
        encoder: the encoder that makes them.
        source: how that encoder was named when the layer was added: a name or a path.
        regions: whether they are of regions, several a picture, or one of each whole picture.
        answers: whether it is the one that `Store` speaks of; never one of regions.
    """

    number: int
    encoder: EncoderIdentity
    source: str
    regions: bool
    answers: bool


@dataclass(frozen=True, slots=True)
class Embedded:
    """What a layer is to hold of one picture.

    Attributes:
        id: of the picture.
        digest: of the content that was embedded.
        boxes: what each embedding is of, (n, 4).
        vectors: (n, dimension) float32, L2-normalised; one, where the layer is of whole pictures.
    """

    id: int
    digest: bytes
    boxes: Boxes
    vectors: Embeddings


class Places(NamedTuple):
    """The pictures with the nearest regions, nearest first.

    Attributes:
        ids: (n,) int64, of the pictures, each once.
        scores: (n,) float32, of its nearest region.
        boxes: (n, 4), that region.
        queries: (n,) int64, which of the queries it is nearest to.
    """

    ids: Ids
    scores: NDArray[np.float32]
    boxes: Boxes
    queries: Ids


class LayerWriter(Protocol):
    """The one writer of a collection, filling a layer."""

    def put(self, embedded: Sequence[Embedded]) -> None:
        """Write what pictures have in the layer, in place of what they had, in one transaction.

        A picture that is gone, or has another content now, is passed over.

        Raises:
            StoreError: it cannot be written.
        """


class Layers(Protocol):
    """The layers of one store. Reads may come from any thread, also during writes."""

    def is_current(self) -> bool:
        """Whether `answering` still does; else the store is to be opened anew."""

    @property
    def answering(self) -> Layer:
        """The layer that the open store speaks of."""

    def all(self) -> list[Layer]:
        """By number, the one that answers among them."""

    def add(self, encoder: EncoderIdentity, source: str, *, regions: bool) -> Layer:
        """Make an empty layer.

        Raises:
            CollectionBusyError: another writer is at work.
            StoreError: it cannot be written.
        """

    def lacking(self, layer: Layer, after: int = 0, limit: int = 1000) -> list[StoredFile]:
        """Pictures that have nothing in a layer, by rising id, with ids above `after`."""

    def count_lacking(self, layer: Layer) -> int:
        """How many pictures have nothing in a layer."""

    def fill(self, layer: Layer) -> AbstractContextManager[LayerWriter]:
        """Become the writer until the context ends, to fill a layer.

        Raises:
            CollectionBusyError: another writer is at work.
            StoreError: the layer was dropped.
        """

    def vectors(self, layer: Layer, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """By id, (n, dimension) float32, what these pictures have in a layer; some may have none.

        Raises:
            StoreError: the layer was dropped.
        """

    def search(
        self,
        layer: Layer,
        queries: Embeddings,
        k: int,
        *,
        where: Where | None = None,
        ids: Ids | None = None,
    ) -> Places:
        """The `k` pictures with the nearest embeddings in a layer to any of the queries.

        Args:
            layer: where to look.
            queries: (n, dimension) float32, L2-normalised, n at least 1.
            k: at least 1.
            where: search only among the pictures that fit.
            ids: search only among these.

        Raises:
            QueryError: `k` is below 1 or the queries have another dimension.
            StoreError: the layer was dropped.
        """

    def switch(self, layer: Layer) -> None:
        """Have a layer answer from now on, at once; the one that did is kept.

        Stores of the collection that are open go on as they were, also in other processes: see
        `is_current`.

        Raises:
            CollectionBusyError: another writer is at work.
            StoreError: the layer is of regions, was dropped, or it cannot be written.
        """

    def drop(self, layer: Layer) -> None:
        """Forget a layer and all that is in it.

        Raises:
            CollectionBusyError: another writer is at work.
            StoreError: it answers, or it cannot be written.
        """
