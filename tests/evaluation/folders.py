"""Labelled folders of drawn pictures: a class has a tint, a picture its own blotches."""

from pathlib import Path

from PIL import Image

from tests.support.pictures import draw

TINTS = {"moss": (40, 200, 60), "rust": (220, 70, 30), "slate": (60, 80, 210)}


def picture(name: str, seed: int) -> Image.Image:
    """A picture of the class; another one for every seed."""
    tint = Image.new("RGB", (72, 64), TINTS[name])
    return Image.blend(draw(seed), tint, 0.15)


def write_labelled(root: Path, count: int = 8, classes: tuple[str, ...] = tuple(TINTS)) -> Path:
    """`count` JPEGs of each class, each in its class's folder."""
    for number, name in enumerate(classes):
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            picture(name, 100 * number + index).save(folder / f"{index:03d}.jpg", quality=90)
    return root
