"""Small pictures, drawn from seeds: distinct, smooth enough for JPEG, never a file from outside."""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image


def draw(seed: int, width: int = 72, height: int = 64) -> Image.Image:
    """A smooth blotchy picture; another one for every seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def photo(seed: int) -> Image.Image:
    """With edges of many sizes."""
    noise = np.random.default_rng(seed).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    return Image.blend(
        draw(seed, 192, 192),
        Image.fromarray(noise).resize((192, 192), Image.Resampling.BICUBIC),
        0.5,
    )


def encoded(seed: int, codec: str = "JPEG", width: int = 72, height: int = 64) -> bytes:
    """The file of `draw(seed)`."""
    out = io.BytesIO()
    draw(seed, width, height).save(out, codec)
    return out.getvalue()


def write_picture(path: str | Path | bytes, seed: int, codec: str = "JPEG") -> None:
    """Write `draw(seed)`, and the folders that it needs."""
    name = os.fsencode(path)
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "wb") as file:
        file.write(encoded(seed, codec))


def write_gallery(folder: Path, count: int, first_seed: int = 0) -> list[Path]:
    """`count` pictures, JPEG and PNG in turn, in `folder` and two folders below it."""
    paths = []
    for number in range(count):
        below = (folder, folder / "one", folder / "two" / "deep")[number % 3]
        kind, codec = (("jpg", "JPEG"), ("png", "PNG"))[number % 2]
        path = below / f"{number:04d}.{kind}"
        write_picture(path, first_seed + number, codec)
        paths.append(path)
    return paths
