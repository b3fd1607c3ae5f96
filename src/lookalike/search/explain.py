"""Why a picture is a hit: heat maps over what was asked by and over what was found."""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from lookalike.decode import Picture
from lookalike.encoders import Encoder
from lookalike.search.combine import combine
from lookalike.search.crop import cut, in_shares
from lookalike.search.occlusion import Score, falls
from lookalike.search.reading import Reader, naming
from lookalike.search.searcher import Searcher
from lookalike.store import Store
from lookalike.types import Crop, Embeddings, Example, Explanation, Heat, Query

_KEPT = 64
_BATCH = 16
_WHOLE = (0.0, 0.0, 1.0, 1.0)


class Explainer:
    """Explains hits; the last explanations are kept. Safe to use from several threads.

    A heat map is worked out by occlusion (`occlusion.py`). Of the query's pictures, the first one
    gets a map: what it adds to the whole query, with all others as they are.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Explanation] = OrderedDict()
        self._lock = threading.Lock()

    def explain(
        self, store: Store, encoder: Encoder, searcher: Searcher, query: Query, image_id: int
    ) -> Explanation:
        """Why the picture `image_id` is as similar to the query as it is.

        Raises:
            SourceError: a picture cannot be read any more.
            DecodeError: it is no picture that we accept any more.
            QueryError: the query makes no sense, or there is no picture with that id.
            EncoderError: the encoder failed.
        """
        reader = Reader(store)
        key = _key(reader, query, image_id)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = _explain(encoder, searcher, reader, query, image_id)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found


def _key(reader: Reader, query: Query, image_id: int) -> Hashable:
    """What decides an explanation: contents, not names."""

    def content(example: Example) -> str:
        if isinstance(example.picture, int) and example.at is None:
            return reader.stored(example.picture).file.content
        return reader.open(example).content

    sides = [
        tuple((content(each), each.weight, each.crop) for each in side)
        for side in (query.positives, query.negatives)
    ]
    return (*sides, query.text, query.text_weight, content(Example(image_id)))


def _explain(
    encoder: Encoder, searcher: Searcher, reader: Reader, query: Query, image_id: int
) -> Explanation:
    def embed(pictures: Sequence[Picture]) -> Embeddings:
        pixels = [encoder.prepare(picture) for picture in pictures]
        batches = [pixels[start : start + _BATCH] for start in range(0, len(pixels), _BATCH)]
        return np.concatenate([encoder.embed(np.stack(batch)) for batch in batches])

    positives, negatives = searcher.weigh(query, reader)
    asked = combine(positives, negatives)[0]
    found_picture, _ = _open(Example(image_id), reader, encoder.decode_hint)
    found = embed([found_picture])[0]

    def against_query(pictures: Sequence[Picture]) -> NDArray[np.float32]:
        return np.asarray(embed(pictures) @ asked)

    def against_found(pictures: Sequence[Picture]) -> NDArray[np.float32]:
        (weight, _), *others = positives
        wholes = [combine([(weight, one), *others], negatives) for one in embed(pictures)]
        return np.asarray(np.concatenate(wholes) @ found)

    image = _heat(found_picture, _WHOLE, against_query)
    heat = None
    if query.positives:
        first, part = _open(query.positives[0], reader, encoder.decode_hint)
        heat = _heat(first, part, against_found)
    return Explanation(float(np.clip(found @ asked, -1, 1)), heat, image)


def _open(example: Example, reader: Reader, at_least: int) -> tuple[Picture, Crop]:
    """What an example means of its picture, and which part of it that is, as shares."""
    with naming(example.picture):
        crop = example.crop
        whole = reader.open(example).whole_for(crop, at_least)
    if crop is None:
        return whole, _WHOLE
    return cut(whole, crop), in_shares(crop, whole.width, whole.height)


def _heat(picture: Picture, part: Crop, score: Score) -> Heat:
    found = falls(picture, score)
    return Heat(
        shares=found.shares,
        part=part,
        width=picture.width,
        height=picture.height,
        fall=found.largest,
    )
