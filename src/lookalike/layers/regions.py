"""The regions of a picture that are embedded beside the whole of it.

A fixed set of overlapping squares of the picture's grid, at two scales: what is a part of a picture
fills one of them well enough, wherever it lies and whatever it shows. docs/searching.md has the
measurements behind the set.
"""

import numpy as np

from lookalike.decode import Picture, decode
from lookalike.search.crop import cut
from lookalike.source import Media
from lookalike.store import Boxes

WHOLE: Boxes = np.array([[0, 0, 1, 1]], np.float32)

SCALES = ((2, 3), (4, 4))
"""For each scale: regions are 1/n of each side, and lie at m even places each way."""


def boxes() -> Boxes:
    """The regions of any picture, (n, 4)."""
    found = []
    for parts, places in SCALES:
        side = 1 / parts
        starts = np.linspace(0, 1 - side, places)
        found += [(x, y, side, side) for y in starts for x in starts]
    return np.array(found, np.float32)


def regions_of(
    media: Media, at_least: int, frame: int | None = None
) -> tuple[Boxes, list[Picture]]:
    """The regions of an encoded picture, so that `at_least` pixels of each side of one remain.

    Raises:
        DecodeError: the bytes are no picture that we accept.
    """
    # Of the smallest regions less is enough: a part that small has no more detail to compare.
    picture = decode(media, at_least=2 * at_least, frame=frame)
    found = boxes()
    return found, [cut(picture, _crop(box)) for box in found.tolist()]


def _crop(box: list[float]) -> tuple[float, float, float, float]:
    left, top, width, height = box
    return left, top, width, height
