"""Which pictures are the same picture, so that a split is honest and labels do not fight.

Public sets hold many pictures twice: as copies of a file, recompressed, or shot in one burst. A
copy on the other side of a split makes every figure too good; one under two labels teaches noise.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.training.dataset import Dataset
from lookalike.types import Pixels

_SIDE = 16
_SAME_LAYOUT = 0.9
_SAME_DETAIL = 0.8
_BLOCK = 1024
"""Rows of the similarity matrix that are in memory at a time."""


def signatures(pixels: Pixels) -> NDArray[np.float32]:
    """What two copies of a picture share, whatever their size and compression.

    Layout alone takes two foggy hills for one picture, and detail alone two horizons: both have to
    agree.

    Args:
        pixels: RGB uint8 (n, side, side, 3).

    Returns:
        float32 (n, 2, 256), each row of length 1 (0 for a picture of one colour): grey at 16 x 16
        without its mean, and without its local mean.
    """
    out = np.empty((len(pixels), 2, _SIDE * _SIDE), np.float32)
    for index, picture in enumerate(pixels):
        small = Image.fromarray(picture).convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
        grey = np.asarray(small, np.float32)
        padded = np.pad(grey, 1, mode="edge")
        local = sum(
            padded[row : row + _SIDE, column : column + _SIDE]
            for row in range(3)
            for column in range(3)
        )
        out[index, 0] = (grey - grey.mean()).ravel()
        out[index, 1] = (grey - local / 9.0).ravel()
    lengths = np.linalg.norm(out, axis=2, keepdims=True)
    # Rounding leaves a trace of detail in a picture of one colour; it is none.
    return np.where(lengths > 1e-2, out / np.maximum(lengths, 1e-2), 0).astype(np.float32)


def twins_within(dataset: Dataset, marks: NDArray[np.float32]) -> NDArray[np.int64]:
    """Pairs of one set that are the same picture: int64 (m, 2), the lower index first."""
    pairs = _twins(marks, marks, dataset.digests, dataset.digests)
    return pairs[pairs[:, 0] < pairs[:, 1]]


def twins_between(
    first: Dataset,
    first_marks: NDArray[np.float32],
    second: Dataset,
    second_marks: NDArray[np.float32],
) -> NDArray[np.int64]:
    """Pairs of two sets that are the same picture: int64 (m, 2), an index into each."""
    return _twins(first_marks, second_marks, first.digests, second.digests)


def groups(count: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """The group of every picture: int64 (count,), equal for pictures that a chain of pairs links.

    A group is named by its lowest index, so that a picture without a twin is its own group.
    """
    parent = list(range(count))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for a, b in pairs.tolist():
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return np.array([root(index) for index in range(count)], np.int64)


def conflicting(labels: NDArray[np.int64], group: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Pictures whose group carries more than one label: bool (n,)."""
    lowest = np.full(len(labels), np.iinfo(np.int64).max)
    highest = np.full(len(labels), -1)
    np.minimum.at(lowest, group, labels)
    np.maximum.at(highest, group, labels)
    return np.asarray(lowest[group] != highest[group])


def _twins(
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    first_digests: list[bytes],
    second_digests: list[bytes],
) -> NDArray[np.int64]:
    found: list[NDArray[np.int64]] = []
    for start in range(0, len(first), _BLOCK):
        block = first[start : start + _BLOCK]
        same = (block[:, 0] @ second[:, 0].T > _SAME_LAYOUT) & (
            block[:, 1] @ second[:, 1].T > _SAME_DETAIL
        )
        found.append(np.argwhere(same) + np.array([start, 0]))
    places: dict[bytes, list[int]] = {}
    for index, digest in enumerate(second_digests):
        places.setdefault(digest, []).append(index)
    identical = [
        (index, other)
        for index, digest in enumerate(first_digests)
        for other in places.get(digest, ())
    ]
    found.append(np.array(identical, np.int64).reshape(-1, 2))
    return np.unique(np.concatenate(found).astype(np.int64), axis=0)
