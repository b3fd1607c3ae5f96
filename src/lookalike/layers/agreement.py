"""Whether another encoder is worth changing to, told from pictures without labels."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance

from lookalike.decode import decode, from_image
from lookalike.encoders import Encoder
from lookalike.errors import DecodeError, QueryError, SourceError
from lookalike.store import Layer, Layers, Store, StoredFile
from lookalike.thumbnails import read_original

NEAREST = 10

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class SideBySide:
    """One picture that was asked by, and what either encoder finds nearest to it.

    Attributes:
        asked: its id.
        nearest: by encoder's name, the ids of its ten nearest, nearest first.
    """

    asked: int
    nearest: dict[str, list[int]]

    @property
    def overlap(self) -> float:
        """How many of them are the same with both, as a share."""
        one, other = map(set, self.nearest.values())
        return len(one & other) / max(1, len(one), len(other))


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two encoders side by side, on a sample of the pictures that both have embedded.

    Attributes:
        sample: number of pictures.
        overlap: how many of a picture's ten nearest are the same with both, as a share.
        found_again: by encoder's name, the share of changed copies (cropped, compressed, in other
            light) whose nearest picture is the one that they were made from.
        examples: the pictures of the sample on which the two agree least, three at most.
    """

    sample: int
    overlap: float
    found_again: dict[str, float]
    examples: list[SideBySide]


def compare(
    store: Store,
    layers: Layers,
    sides: Sequence[tuple[Layer, Encoder]],
    size: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> Agreement:
    """Ask by the same pictures in two layers.

    Args:
        store: the collection.
        layers: of it.
        sides: two layers of whole pictures, with their encoders.
        size: how many pictures, at most.
        on_progress: called with (done, total).

    Raises:
        QueryError: no picture is embedded by both, or can be read.
    """
    items = _sample(store, layers, [layer for layer, _ in sides], size)
    names = _names([layer for layer, _ in sides])
    found = [0, 0]
    asked = 0
    answers = []
    for place, item in enumerate(items):
        near = [_nearest(layers, layer, item.id) for layer, _ in sides]
        if any(near):
            answers.append(SideBySide(item.id, dict(zip(names, near, strict=True))))
        copies = _changed(item)
        asked += len(copies)
        for side, (layer, encoder) in enumerate(sides):
            found[side] += _found_again(store, layers, layer, encoder, item, copies)
        if on_progress is not None:
            on_progress(place + 1, len(items))
    if not asked:
        raise QueryError("no picture can be read to compare with: are their drives away?")
    answers.sort(key=lambda answer: answer.overlap)
    return Agreement(
        sample=len(items),
        overlap=float(np.mean([answer.overlap for answer in answers])) if answers else 1.0,
        found_again={name: count / asked for name, count in zip(names, found, strict=True)},
        examples=answers[:_EXAMPLES],
    )


def _names(sides: list[Layer]) -> list[str]:
    names = [layer.encoder.name for layer in sides]
    if len(set(names)) == len(names):
        return names
    return [f"{layer.encoder.name} ({layer.number})" for layer in sides]


def _nearest(layers: Layers, layer: Layer, image_id: int) -> list[int]:
    (vector,) = layers.vectors(layer, [image_id]).values()
    ids: list[int] = layers.search(layer, vector, NEAREST + 1).ids.tolist()
    return [each for each in ids if each != image_id][:NEAREST]


def _sample(store: Store, layers: Layers, sides: list[Layer], size: int) -> list[StoredFile]:
    """Evenly spread over all pictures, the same ones every time."""
    count = store.count()
    step = max(1, count // max(1, size))
    chosen = [item for offset in range(0, count, step) for item in store.page(offset, 1)]
    ids = [item.id for item in chosen]
    both = set(ids)
    for layer in sides:
        both &= set(layers.vectors(layer, ids))
    items = [item for item in chosen if item.id in both][:size]
    if not items:
        raise QueryError("no picture is embedded by both encoders yet: fill the new one first")
    return items


def _found_again(
    store: Store,
    layers: Layers,
    layer: Layer,
    encoder: Encoder,
    item: StoredFile,
    copies: list[Image.Image],
) -> int:
    if not copies:
        return 0
    own = {twin.id for twin in store.by_digest(item.file.digest)}
    pixels = [encoder.prepare(from_image(copy)) for copy in copies]
    vectors = encoder.embed(np.stack(pixels))
    return sum(
        int(layers.search(layer, vector[None], 1).ids[:1].tolist()[0] in own) for vector in vectors
    )


def _changed(item: StoredFile) -> list[Image.Image]:
    """A part of it, a poor copy, and one in other light; none where it cannot be read."""
    try:
        whole = decode(read_original(item), at_least=512).image
    except (SourceError, DecodeError):
        return []
    width, height = whole.size
    part = whole.crop(
        (
            round(0.2 * width),
            round(0.1 * height),
            max(1, round(0.9 * width)),
            max(1, round(0.8 * height)),
        )
    )
    out = io.BytesIO()
    small = whole.resize((max(1, width // 2), max(1, height // 2)))
    small.save(out, "JPEG", quality=30)
    poor = Image.open(io.BytesIO(out.getvalue())).convert("RGB")
    light = ImageEnhance.Brightness(ImageEnhance.Color(whole).enhance(0.4)).enhance(1.3)
    return [part, poor, light]
