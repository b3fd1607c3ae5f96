"""The nearest pictures to a query by cosine similarity."""

from lookalike.decode import Picture, decode
from lookalike.encoders import Encoder
from lookalike.store import Store, StoredFile
from lookalike.types import Embeddings, Hit


def embed_query(encoder: Encoder, picture: bytes | Picture) -> Embeddings:
    """The embedding of one picture, (1, dimension), made exactly as the indexer makes them.

    Raises:
        DecodeError: the bytes are no picture that we accept.
        EncoderError: the encoder failed.
    """
    if isinstance(picture, bytes):
        picture = decode(picture, at_least=encoder.decode_hint)
    return encoder.embed(encoder.prepare(picture)[None])


def nearest(store: Store, query: Embeddings, k: int) -> list[Hit]:
    """The `k` nearest pictures, nearest first.

    Args:
        store: the collection.
        query: (1, dimension) float32, L2-normalised.
        k: at least 1; fewer come back where fewer are stored.

    Raises:
        QueryError: `k` is below 1 or the query has another dimension.
    """
    found = store.search(query, k)
    stored = {item.id: item for item in store.get([int(i) for i in found.ids[0]])}
    return [
        _hit(stored[int(image_id)], float(score))
        for image_id, score in zip(found.ids[0], found.scores[0], strict=True)
        if int(image_id) in stored  # removed by a writer since
    ]


def _hit(item: StoredFile, score: float) -> Hit:
    # Vectors are kept as float16, whose rounding may lift a perfect match a hair above 1.
    score = max(-1.0, min(1.0, score))
    return Hit(item.id, item.file.path, score, 1.0 - score, item.file.width, item.file.height)
