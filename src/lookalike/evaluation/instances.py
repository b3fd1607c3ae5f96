"""Instance recall@1: a changed copy of a picture has to find the picture that it was made from.

Class retrieval alone rewards collapse: an encoder that gives all pictures of a class one and the
same embedding has a perfect mAP, and is of no use for finding a picture again.
"""

import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from lookalike.decode import decode, from_image
from lookalike.encoders import Encoder
from lookalike.errors import DecodeError, EncoderError, EvaluationError, SourceError
from lookalike.evaluation.embedding import WORKERS, Count, embed_each
from lookalike.source import read_file
from lookalike.types import Embeddings, Ids

Change: TypeAlias = Callable[[Image.Image, np.random.Generator], Image.Image]
"""Makes a changed copy of an RGB picture."""

_CHUNK = 8
_CELLS = 4_000_000


def crop(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A part somewhere in the picture, 0.6 to 0.8 of each side."""
    width, height = (max(1, round(float(rng.uniform(0.6, 0.8)) * side)) for side in image.size)
    left = int(rng.integers(0, image.width - width + 1))
    top = int(rng.integers(0, image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def mirror(image: Image.Image, _rng: np.random.Generator) -> Image.Image:
    """Left and right exchanged."""
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def jpeg(image: Image.Image, _rng: np.random.Generator) -> Image.Image:
    """Saved as JPEG of quality 25."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=25)
    return Image.open(out).convert("RGB")


def colour(image: Image.Image, _rng: np.random.Generator) -> Image.Image:
    """Colour x 0.4, then brightness x 1.3."""
    return ImageEnhance.Brightness(ImageEnhance.Color(image).enhance(0.4)).enhance(1.3)


def rotate(image: Image.Image, _rng: np.random.Generator) -> Image.Image:
    """Turned by 10 degrees within its frame; the corners are black."""
    return image.rotate(10, Image.Resampling.BILINEAR)


def shrink(image: Image.Image, _rng: np.random.Generator) -> Image.Image:
    """Its longest side 64 pixels."""
    small = image.copy()
    small.thumbnail((64, 64), Image.Resampling.BICUBIC)
    return small


CHANGES: dict[str, Change] = {
    "crop": crop,
    "mirror": mirror,
    "jpeg": jpeg,
    "colour": colour,
    "rotate": rotate,
    "shrink": shrink,
}


def sample(count: int, size: int, seed: int) -> Ids:
    """`size` of the numbers 0..count-1, or all where that is fewer; sorted, by seed."""
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(count, min(size, count), replace=False)).astype(np.int64)


def embed_changed(
    paths: Sequence[str], encoders: Sequence[Encoder], seed: int, count: Count
) -> list[dict[str, Embeddings]]:
    """Embed the changed copies of pictures; every encoder gets the same copies.

    Args:
        paths: m pictures that can be decoded.
        encoders: see above.
        seed: of the crops.
        count: told of copies embedded, m * changes * encoders in the end.

    Returns:
        For each encoder, by name of the change: (m, dimension) float32 of length 1, in the order
        of `paths`; a copy that the encoder refuses is zero.

    Raises:
        EvaluationError: a file cannot be read any more.
    """
    # Cropping takes up to 0.4 of a side away, and what is left has to be enough for each model.
    keep = 2 * max(encoder.decode_hint for encoder in encoders)

    def copies(row: int) -> list[Image.Image]:
        try:
            image = decode(read_file(paths[row]), at_least=keep).image
        except (SourceError, DecodeError) as error:
            raise EvaluationError(
                f"{paths[row]} cannot be read any more ({error}), and changed copies of it are "
                "needed; bring it back, or index its folder again and start over"
            ) from error
        # Each copy has its own generator, so that it depends on nothing else that is drawn.
        return [
            change(image, np.random.default_rng([seed, row, number]))
            for number, change in enumerate(CHANGES.values())
        ]

    found = [
        {name: np.zeros((len(paths), encoder.dimension), np.float32) for name in CHANGES}
        for encoder in encoders
    ]
    with ThreadPoolExecutor(WORKERS, "change") as pool:
        for start in range(0, len(paths), _CHUNK):
            rows = range(start, min(start + _CHUNK, len(paths)))
            changed = [image for images in pool.map(copies, rows) for image in images]
            for encoder, vectors in zip(encoders, found, strict=True):
                _embed_chunk(changed, encoder, rows, vectors)
                count(len(changed))
    return found


def found_again(
    queries: Embeddings, gallery: Embeddings, own: Ids, contents: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether each changed copy's nearest picture is the one that it was made from.

    A picture of the same content counts as the original; a tie with another one counts as missed.

    Args:
        queries: (m, dimension) float32, of length 1 or zero.
        gallery: (n, dimension) float32, of length 1.
        own: (m,) rows of the originals in the gallery.
        contents: (n,) equal where two files hold the same bytes.

    Returns:
        (m,) bool.
    """
    hits = np.zeros(len(queries), np.bool_)
    size = max(1, _CELLS // max(1, len(gallery)))
    for start in range(0, len(queries), size):
        rows = slice(start, start + size)
        scores = queries[rows] @ gallery.T
        original = contents[own[rows], None] == contents
        best = np.where(original, scores, -np.inf).max(axis=1)
        hits[rows] = best > np.where(original, -np.inf, scores).max(axis=1)
    return hits


def _embed_chunk(
    changed: list[Image.Image], encoder: Encoder, rows: range, vectors: dict[str, Embeddings]
) -> None:
    pixels = [encoder.prepare(from_image(image)) for image in changed]
    results = iter(embed_each(pixels, encoder))
    for row in rows:
        for name in CHANGES:
            result = next(results)
            if not isinstance(result, EncoderError):
                vectors[name][row] = result
