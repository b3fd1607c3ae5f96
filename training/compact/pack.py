"""Decode every picture once, and keep it beside what the teacher makes of it.

    python -m training.compact.pack SOURCES WORK --teacher MODEL_FOLDER --avoid FOLDER [--avoid ...]

SOURCES holds one folder a source (see sources.py). WORK receives `large.rgb` (n, 160, 160, 3) and
`small.rgb` (m, 64, 64, 3), uint8 without a header, and the teacher's embeddings of each,
`large-teacher.npy` and `small-teacher.npy`, float16 of length 1; how many pictures each source
gave, `large-sources.json` and `small-sources.json`; and each picture's class, a name or null,
`large-classes.json` and `small-classes.json`.
A picture that is also in a folder to avoid, by its bytes or nearly so by the teacher's embedding,
is left out.
"""

import argparse
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.decode import decode, from_image
from lookalike.encoders import Encoder, load
from lookalike.errors import DecodeError, SourceError
from lookalike.source import read_file
from training.compact.sources import SOURCES, Source, caltech_held_out, class_of, pictures

LARGE, SMALL = 160, 64
TOO_CLOSE = 0.985
"""Cosine of teacher embeddings from which two pictures count as nearly the same."""

_CHUNK = 64


class Pack:
    """Pixels and teacher embeddings of one size, written as they come.

    Args:
        folder: exists.
        small: which of the two sizes.
    """

    def __init__(self, folder: str, small: bool) -> None:
        self._stem = os.path.join(folder, "small" if small else "large")
        self._pixels = open(f"{self._stem}.rgb", "wb")  # noqa: SIM115 - open until `close`
        self._found: list[NDArray[np.float16]] = []
        self._counts: dict[str, int] = {}
        self._classes: list[str | None] = []

    def append(
        self,
        source: Source,
        classes: list[str | None],
        pixels: NDArray[np.uint8],
        found: NDArray[np.float32],
    ) -> None:
        """Add n classes, (n, side, side, 3) pixels of a source, their (n, dimension) embeddings."""
        self._classes += classes
        self._counts[source.name] = self._counts.get(source.name, 0) + len(found)
        self._pixels.write(pixels.tobytes())
        self._found.append(found.astype(np.float16))

    def close(self) -> None:
        """Write the embeddings, how many pictures each source gave in their order, the classes."""
        self._pixels.close()
        for name, kept in (("sources", self._counts), ("classes", self._classes)):
            with open(f"{self._stem}-{name}.json", "w", encoding="utf-8") as file:
                json.dump(kept, file)
        np.save(f"{self._stem}-teacher.npy", np.concatenate(self._found))


def cuttings(path: str, source: Source) -> list[Image.Image]:
    """The picture, and the parts of it that count as pictures of their own."""
    try:
        image = decode(read_file(path), at_least=448).image
    except (SourceError, DecodeError):
        return []
    found = [image]
    # By the file's name, so that every run cuts the same parts.
    rng = np.random.default_rng(list(os.path.basename(path).encode("utf-8", "surrogateescape")))
    for _ in range(source.crops):
        width, height = (max(1, round(float(rng.uniform(0.45, 0.75)) * s)) for s in image.size)
        left = int(rng.integers(0, image.width - width + 1))
        top = int(rng.integers(0, image.height - height + 1))
        found.append(image.crop((left, top, left + width, top + height)))
    return found


def chunks(
    paths: Iterator[str], source: Source, encoder: Encoder, pool: ThreadPoolExecutor
) -> Iterator[tuple[list[str], NDArray[np.uint8], NDArray[np.float32]]]:
    """Paths, pixels and teacher embeddings, some pictures at a time."""
    side = SMALL if source.small else LARGE

    def prepared(path: str) -> list[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]]:
        return [
            (
                path,
                np.asarray(image.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)),
                encoder.prepare(from_image(image)),
            )
            for image in cuttings(path, source)
        ]

    ahead = pool.map(prepared, islice(paths, _CHUNK))
    while parts := [part for parts in ahead for part in parts]:
        ahead = pool.map(prepared, islice(paths, _CHUNK))  # while the teacher is at work
        pixels = np.stack([own for _, own, _ in parts])
        found = encoder.embed(np.stack([theirs for _, _, theirs in parts]))
        yield [path for path, _, _ in parts], pixels, found


def embeddings_of(
    paths: list[str], encoder: Encoder, pool: ThreadPoolExecutor
) -> NDArray[np.float32]:
    """Teacher embeddings of whole pictures, (n, dimension)."""
    whole = Source("", ())
    parts = [found for _, _, found in chunks(iter(paths), whole, encoder, pool)]
    return np.concatenate(parts) if parts else np.zeros((0, encoder.dimension), np.float32)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("sources")
    parser.add_argument("work")
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--avoid", action="append", default=[])
    given = parser.parse_args()
    encoder = load(given.teacher)
    os.makedirs(given.work, exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        avoid = list(caltech_held_out(given.sources))
        for folder in given.avoid:
            avoid += [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
        shunned = embeddings_of(sorted(avoid), encoder, pool)
        print(f"{len(shunned)} pictures to avoid", flush=True)
        outputs = {small: Pack(given.work, small) for small in (True, False)}
        for source in SOURCES:
            count = left_out = 0
            paths = pictures(given.sources, source)
            for names, pixels, found in chunks(paths, source, encoder, pool):
                fine = (found @ shunned.T).max(axis=1) < TOO_CLOSE
                kept = [name for name, good in zip(names, fine, strict=True) if good]
                classes = [class_of(given.sources, source, name) for name in kept]
                outputs[source.small].append(source, classes, pixels[fine], found[fine])
                count += int(fine.sum())
                left_out += int((~fine).sum())
            print(f"{source.name}: {count} kept, {left_out} too close to one to avoid", flush=True)
    for pack in outputs.values():
        pack.close()


if __name__ == "__main__":
    main()
