"""Whether heat maps point at what was asked by: pictures hidden in others, asked by and looked for.

    python -m benchmarks.explaining FOLDER [COUNT]

FOLDER has one sub-folder a kind. Each trial puts a picture at half its size into one of another
kind, and asks for the whole by the picture itself, then by another of its kind.
"""

import os
import random
import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.table import print_table
from lookalike.decode import Picture, from_image
from lookalike.encoders import Encoder, load
from lookalike.evaluation.labelled import list_labelled
from lookalike.search.occlusion import falls
from lookalike.types import Embeddings

SIZE = (480, 360)


def embed(encoder: Encoder, pictures: Sequence[Picture]) -> Embeddings:
    pixels = np.stack([encoder.prepare(picture) for picture in pictures])
    return np.concatenate([encoder.embed(pixels[at : at + 16]) for at in range(0, len(pixels), 16)])


def opened(path: str) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB").resize(SIZE)


def pointed(encoder: Encoder, asked: Image.Image, whole: Image.Image, mask: Image.Image) -> float:
    """1 where the hottest cell's middle lies on the hidden picture, else 0."""
    query = embed(encoder, [from_image(asked)])[0]

    def score(pictures: Sequence[Picture]) -> NDArray[np.float32]:
        return np.asarray(embed(encoder, pictures) @ query)

    shares = falls(from_image(whole), score).shares
    rows, columns = shares.shape
    y, x = np.unravel_index(int(shares.argmax()), shares.shape)
    place = (int((x + 0.5) / columns * SIZE[0]), int((y + 0.5) / rows * SIZE[1]))
    return float(mask.getpixel(place) == 255)


def main(folder: str, count: int) -> None:
    encoder = load("compact")
    listing = list_labelled(folder)
    kinds = [
        [path for path, label in zip(listing.paths, listing.labels, strict=True) if label == kind]
        for kind in range(len(listing.classes))
    ]
    rng = random.Random(0)
    same, kind = [], []
    for _ in range(count):
        hidden, around = rng.sample(kinds, 2)
        one, other = (opened(path) for path in rng.sample(hidden, 2))
        whole = opened(rng.choice(around))
        mask = Image.new("L", SIZE)
        half = one.resize((SIZE[0] // 2, SIZE[1] // 2))
        place = (rng.randrange(SIZE[0] // 2), rng.randrange(SIZE[1] // 2))
        whole.paste(half, place)
        mask.paste(255, (*place, place[0] + half.width, place[1] + half.height))
        same.append(pointed(encoder, one, whole, mask))
        kind.append(pointed(encoder, other, whole, mask))
    rows = [
        ["the hidden picture", f"{np.mean(same):.2f}"],
        ["another of its kind", f"{np.mean(kind):.2f}"],
    ]
    print(f"{os.path.abspath(folder)}, {count} trials; chance is about 0.25")
    print_table(["asked by", "hottest place on the hidden picture"], rows)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 120)
