"""Fills a layer: pictures that lack something there are read again, embedded and written.

It goes by what the store knows, not by what folders hold, so it can be stopped and gone on with at
any moment. A picture whose file is away, changed or damaged is left; the next time tries again.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from lookalike.decode import decode
from lookalike.encoders import Encoder
from lookalike.errors import (
    DecodeError,
    EncoderError,
    ModelSpecError,
    RuntimeUnavailableError,
    SourceError,
)
from lookalike.layers.regions import WHOLE, regions_of
from lookalike.store import Boxes, Embedded, Layer, Layers, StoredFile
from lookalike.thumbnails import is_as_indexed, read_original
from lookalike.types import Embeddings, Pixels, Skipped

_CHUNK = 16
"""Pictures that are embedded and committed together."""

_NAMED = 3
"""Pictures that were left that are remembered one by one."""

Counted = Callable[[int, int], None]
"""Called with (done, total); what it raises ends the filling, and what is written stays."""


@dataclass(slots=True)
class Filled:
    """What filling a layer did.

    Attributes:
        embedded: pictures that it has now.
        left: pictures that it lacks still.
        examples: some of those, each with its reason.
    """

    embedded: int = 0
    left: int = 0
    examples: list[Skipped] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A picture ready for the encoder."""

    stored: StoredFile
    boxes: Boxes
    pixels: list[Pixels]


def fill(
    layers: Layers, layer: Layer, encoder: Encoder, on_progress: Counted | None = None
) -> Filled:
    """Embed all pictures that a layer lacks.

    Args:
        layers: of the store.
        layer: which one.
        encoder: its encoder.
        on_progress: see `Counted`.

    Raises:
        CollectionBusyError: another writer is at work.
        EncoderError: the encoder does not work at all.
        StoreError: the store cannot be written, or the layer was dropped.
    """
    result = Filled()
    total = layers.count_lacking(layer)
    if not total:
        return result
    with layers.fill(layer) as writer, ThreadPoolExecutor(_cores(), "decode") as pool:
        last = 0

        def begin() -> list[Future[_Cut | Skipped]]:
            nonlocal last
            items = layers.lacking(layer, after=last, limit=_CHUNK)
            last = items[-1].id if items else last
            return [pool.submit(_cut, item, encoder, layer.regions) for item in items]

        following = begin()
        while current := following:
            following = begin()  # decoded while these are encoded
            outcomes = [future.result() for future in current]
            cuts = [outcome for outcome in outcomes if isinstance(outcome, _Cut)]
            embedded, refused = _embed(cuts, encoder)
            writer.put(embedded)
            left = [outcome for outcome in outcomes if isinstance(outcome, Skipped)] + refused
            result.embedded += len(embedded)
            result.left += len(left)
            result.examples += left[: _NAMED - len(result.examples)]
            if refused and not result.embedded and result.left >= total:
                raise EncoderError(f"the encoder took none of the pictures: {refused[0].reason}")
            if on_progress is not None:
                on_progress(min(total, result.embedded + result.left), total)
    return result


def _cut(stored: StoredFile, encoder: Encoder, regions: bool) -> _Cut | Skipped:
    try:
        data = read_original(stored)
        if not is_as_indexed(stored, data):
            return Skipped(stored.file.path, "it has changed since it was indexed")
        if not regions:
            picture = decode(data, at_least=encoder.decode_hint, frame=stored.file.frame)
            return _Cut(stored, WHOLE, [encoder.prepare(picture)])
        boxes, parts = regions_of(data, encoder.decode_hint, stored.file.frame)
        return _Cut(stored, boxes, [encoder.prepare(part) for part in parts])
    except (SourceError, DecodeError) as error:
        return Skipped(stored.file.path, str(error))


def _embed(cuts: list[_Cut], encoder: Encoder) -> tuple[list[Embedded], list[Skipped]]:
    """One picture that the encoder cannot take must not cost the others."""
    if not cuts:
        return [], []
    try:
        vectors = _vectors([pixels for cut in cuts for pixels in cut.pixels], encoder)
    except (ModelSpecError, RuntimeUnavailableError):
        raise
    except EncoderError as error:
        if len(cuts) == 1:
            return [], [Skipped(cuts[0].stored.file.path, str(error))]
        parts = [_embed([cut], encoder) for cut in cuts]
        return [e for done, _ in parts for e in done], [s for _, left in parts for s in left]
    ends = np.cumsum([len(cut.pixels) for cut in cuts])
    rows = np.split(vectors, ends[:-1])
    return [
        Embedded(cut.stored.id, cut.stored.file.digest, cut.boxes, part)
        for cut, part in zip(cuts, rows, strict=True)
    ], []


def _vectors(pixels: list[Pixels], encoder: Encoder) -> Embeddings:
    batches = [pixels[start : start + _CHUNK] for start in range(0, len(pixels), _CHUNK)]
    return np.concatenate([encoder.embed(np.stack(batch)) for batch in batches])


def _cores() -> int:
    return os.cpu_count() or 1
