"""Which parts of a picture a score hangs on: hide each in turn, and see how far the score falls.

Source: M. D. Zeiler and R. Fergus, Visualizing and Understanding Convolutional Networks, 2014,
section 4.2. It asks nothing of a model but its answers, so it fits every encoder.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lookalike.decode import Picture

CELLS = 64
"""Cells of a picture, about: what is encoded anew for it, whatever its size."""

PATCH = 2
"""Cells that are hidden at a time, each way. They overlap, so that each cell is hidden four times
in different company."""

LEAST = 0.002
"""A fall of the score that is below this everywhere says nothing."""

Score = Callable[[Sequence[Picture]], NDArray[np.float32]]
"""The score of each of these pictures, (n,)."""


@dataclass(frozen=True, slots=True)
class Falls:
    """What hiding parts does to a score.

    Attributes:
        shares: (rows, columns) float32, 0..1, from the top left: how much of the largest fall is
            that cell's; a cell without which the score rises, or stays, has 0.
        largest: the largest fall of the score, at least 0.
    """

    shares: NDArray[np.float32]
    largest: float


def falls(picture: Picture, score: Score) -> Falls:
    """Hide the parts of a picture, one after the other, and score what is left."""
    rows, columns = _cells(*picture.image.size)
    places = [(y, x) for y in range(rows - PATCH + 1) for x in range(columns - PATCH + 1)]
    scores = score([picture, *_hidden(picture, places, rows, columns)])
    total = np.zeros((rows, columns))
    times = np.zeros((rows, columns))
    for (y, x), fall in zip(places, scores[0] - scores[1:], strict=True):
        total[y : y + PATCH, x : x + PATCH] += fall
        times[y : y + PATCH, x : x + PATCH] += 1
    mean = np.maximum(total / times, 0)
    largest = float(mean.max())
    shares = mean / largest if largest >= LEAST else np.zeros_like(mean)
    return Falls(shares.astype(np.float32), largest)


def _cells(width: int, height: int) -> tuple[int, int]:
    """Rows and columns of nearly square cells."""
    side = math.sqrt(CELLS)
    tall = min(max(math.sqrt(height / width), 0.5), 2.0)
    return max(PATCH, round(side * tall)), max(PATCH, round(side / tall))


def _hidden(
    picture: Picture, places: Sequence[tuple[int, int]], rows: int, columns: int
) -> Iterator[Picture]:
    """The picture without each of these patches, which take on the mean colour of all of it."""
    width, height = picture.image.size
    pixels = np.asarray(picture.image)
    mean = tuple(int(value) for value in pixels.reshape(-1, 3).mean(axis=0))
    for y, x in places:
        left, right = x * width // columns, (x + PATCH) * width // columns
        top, bottom = y * height // rows, (y + PATCH) * height // rows
        without = picture.image.copy()
        without.paste(mean, (left, top, right, bottom))
        yield replace(picture, image=without)
