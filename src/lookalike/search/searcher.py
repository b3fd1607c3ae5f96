"""From a query to hits: its pictures are read, decoded, embedded, combined and searched with."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.encoders import Encoder
from lookalike.errors import QueryError, StoreError
from lookalike.search.combine import Weighted, combine
from lookalike.search.duplicates import fold
from lookalike.search.hits import nearest
from lookalike.search.looks import Looks
from lookalike.search.reading import Original, Reader, naming
from lookalike.search.turns import ORIENTATIONS, turned
from lookalike.store import Store
from lookalike.types import Crop, Embeddings, Example, Hit, Orientation, Pixels, Query


class Searcher:
    """Searches one store.

    Args:
        store: the collection.
        encoder: gives its encoder; called only for what the store has no embedding of, so that a
            search by pictures of the collection loads no model.
        looks: of the store's pictures, for queries that group their hits.
    """

    def __init__(self, store: Store, encoder: Callable[[], Encoder], looks: Looks) -> None:
        self._store = store
        self._encoder = encoder
        self._looks = looks

    def search(self, query: Query, k: int, offset: int = 0) -> list[Hit]:
        """The `k` nearest pictures after the first `offset` ones, nearest first.

        Where the query groups its hits, those that are folded into others count as well, so that
        pages follow each other.

        Raises:
            SourceError: a picture of the query cannot be read.
            DecodeError: it is no picture that we accept.
            QueryError: the query makes no sense.
            EncoderError: the encoder cannot be used.
        """
        reader = Reader(self._store)
        vectors = self._positions(query, reader)
        own: set[int] = set()
        if query.exclude:
            for example in (*query.positives, *query.negatives):
                own |= reader.same_content(example.picture)
        hits = nearest(self._store, vectors, query, k, offset, own)
        return fold(self._store, self._looks, hits) if query.group else hits

    def embed(self, query: Query) -> Embeddings:
        """The one embedding that stands for the whole query, (1, dimension).

        Raises:
            see `search`.
        """
        return self._embed(query, Reader(self._store))

    def weigh(self, query: Query, reader: Reader) -> tuple[list[Weighted], list[Weighted]]:
        """The embeddings of what the query has for and against, each in its order; words last.

        Raises:
            see `search`.
        """
        words = [] if query.text is None else [(query.text_weight, self._words(query.text))]
        examples = (*query.positives, *query.negatives)
        vectors = self._vectors(examples, reader)
        weights = [example.weight for example in examples]
        weighted = list(zip(weights, vectors, strict=True))
        pictures, against = weighted[: len(query.positives)], weighted[len(query.positives) :]
        return pictures + words, against

    def _embed(self, query: Query, reader: Reader) -> Embeddings:
        return combine(*self.weigh(query, reader))

    def _positions(self, query: Query, reader: Reader) -> Embeddings:
        """The embedding of the whole query; where asked for, in each of `ORIENTATIONS`."""
        if not query.any_orientation:
            return self._embed(query, reader)
        words = [] if query.text is None else [(query.text_weight, self._words(query.text))]
        examples = (*query.positives, *query.negatives)
        if not examples:
            raise QueryError("words have no orientation: look for it with a picture")
        pixels = [
            self._pixels(example, reader, orientation)
            for orientation in ORIENTATIONS
            for example in examples
        ]
        vectors = (
            self._encoder().embed(np.stack(pixels)).reshape(len(ORIENTATIONS), len(examples), -1)
        )
        weights = [example.weight for example in examples]
        many = len(query.positives)
        rows = []
        for turned_vectors in vectors:
            weighted = list(zip(weights, turned_vectors, strict=True))
            rows.append(combine(weighted[:many] + words, weighted[many:]))
        return np.concatenate(rows)

    def _words(self, text: str) -> NDArray[np.float32]:
        encoder = self._store.encoder
        if encoder.text is None:
            raise QueryError(
                f"the encoder of this collection, {encoder.name}, understands no words; search by "
                "a picture"
            )
        if not text.strip():
            raise QueryError("the words to search by are empty")
        row: NDArray[np.float32] = self._encoder().embed_text([text])[0]
        return row

    def _vectors(self, examples: Sequence[Example], reader: Reader) -> list[NDArray[np.float32]]:
        """The embeddings of the examples; those that need the encoder, in one batch."""
        vectors: dict[int, NDArray[np.float32]] = {}
        fresh: dict[int, Pixels] = {}
        for place, example in enumerate(examples):
            known = self._known(example, reader)
            if known is None:
                fresh[place] = self._pixels(example, reader)
            else:
                vectors[place] = known
        if fresh:
            embedded = self._encoder().embed(np.stack(list(fresh.values())))
            vectors.update(zip(fresh, embedded, strict=True))
        return [vectors[place] for place in range(len(examples))]

    def _known(self, example: Example, reader: Reader) -> NDArray[np.float32] | None:
        """The embedding that the store has of an example, if any."""
        plain = example.crop is None and example.at is None
        if not isinstance(example.picture, int) or not plain:
            return None
        reader.path(example.picture)
        try:
            row: NDArray[np.float32] = self._store.vectors([example.picture])[0]
        except StoreError:
            return None  # the encoder that answers has not embedded it yet
        return row

    def _pixels(
        self, example: Example, reader: Reader, orientation: Orientation = "upright"
    ) -> Pixels:
        with naming(example.picture):
            original = reader.open(example)
            encoder = self._encoder()
            picture = original.decoded(example.crop, encoder.decode_hint)
            return encoder.prepare(turned(picture, orientation))


def embed_query(
    encoder: Encoder, picture: bytes | Image.Image, crop: Crop | None = None
) -> Embeddings:
    """The embedding of one picture, (1, dimension), made exactly as the indexer makes them.

    Raises:
        DecodeError: it is no picture that we accept.
        QueryError: the crop is no part of it.
        EncoderError: the encoder failed.
    """
    decoded = Original(picture).decoded(crop, encoder.decode_hint)
    return encoder.embed(encoder.prepare(decoded)[None])
