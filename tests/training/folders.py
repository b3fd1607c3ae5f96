"""Labelled folders of pictures that the tests draw: a class is a tint, a picture its blotches."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.support.pictures import draw

TINTS = {"blue": (40, 60, 220), "green": (30, 190, 60), "red": (220, 50, 40)}


def picture(name: str, seed: int, side: int = 48) -> Image.Image:
    """One picture of a class; another one for every seed."""
    blotches = np.asarray(draw(seed, side, side), np.float32)
    mixed = 0.6 * blotches + 0.4 * np.array(TINTS[name], np.float32)
    return Image.fromarray(mixed.astype(np.uint8))


def write_classes(folder: Path, count: int = 16, first_seed: int = 0) -> Path:
    """`count` pictures of each class in a folder of its name."""
    for turn, name in enumerate(TINTS):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            seed = first_seed + 1000 * turn + number
            picture(name, seed).save(folder / name / f"{number:03d}.png")
    return folder
