"""A glance at pairs of pictures: which of them a second look could take for one picture.

A second look tries more than a thousand places, each with all of the pixels, and takes a
millisecond. A glance tries every other place, with 64 numbers that say where the edges are once
what runs straight across or down is left out: those of one picture's windows, worked out once, with
those of all pictures that it may be one with, in one product of matrices. It takes microseconds a
pair, and leaves few of the pairs that are not one.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lookalike.search.gist import PLACES, Gist
from lookalike.search.look import SIDE, SIDES, Edges, to_length
from lookalike.search.looks import Looks
from lookalike.store import StoredFile

ENOUGH = 0.68
"""Least agreement, of a whole or a part, of a pair that gets a second look."""

_STEP = 2
_BATCH = 32

Windows = NDArray[np.float32]
Places = NDArray[np.int64]


def worth_a_look(
    looks: Looks,
    files: Sequence[StoredFile],
    gists: Gist,
    pairs: Places,
    on_progress: Callable[[int, int], None],
) -> Places:
    """(found, 2): pairs of which the first may show all of the second, as a whole or a part.

    Args:
        looks: of the pictures.
        files: the pictures.
        gists: (files, 64), of them.
        pairs: (pairs, 2), places in `files`; both ways are tried.
        on_progress: called with (done, total) while pictures are compared.
    """
    wholes, others = np.concatenate([pairs, pairs[:, ::-1]]).T
    order = np.argsort(wholes, kind="stable")
    wholes, others = wholes[order], others[order]
    asked, starts = np.unique(wholes, return_index=True)
    ends = np.append(starts[1:], len(wholes))
    agreed = np.zeros(len(wholes), np.bool_)

    # One thread: a second would wait for Python as long as it works.
    for first in range(0, len(asked), _BATCH):
        part = slice(first, first + _BATCH)
        seen = [looks.at(files[place]) for place in asked[part].tolist()]
        edges = np.stack([_NOTHING if look is None else look.edges for look in seen])
        begin, end = int(starts[part][0]), int(ends[part][-1])
        positions = positions_of(gists[others[begin:end]])
        for windows, low, high in zip(windows_of(edges), starts[part], ends[part], strict=True):
            agreement = agreement_of(windows, positions[low - begin : high - begin])
            agreed[low:high] = agreement >= ENOUGH
        on_progress(first + len(seen), len(asked))
    return np.stack([wholes[agreed], others[agreed]], axis=1)


def agreement_of(windows: Windows, positions: Windows) -> NDArray[np.float32]:
    """How well other pictures agree with one, where each fits best; (others,).

    Args:
        windows: (windows, 64), of the one.
        positions: (others, 8, 64), of the others.
    """
    whole = (positions @ windows[0]).max(axis=1)
    parts = windows @ positions[:, :2].reshape(-1, PLACES * PLACES).T
    return np.asarray(np.maximum(whole, parts.max(axis=0).reshape(-1, 2).max(axis=1)))


def windows_of(edges: Edges) -> Windows:
    """What windows of pictures show, the whole picture first; (n, windows, 64), length 1 or 0.

    Args:
        edges: (n, SIDE, SIDE), of the looks.
    """
    found = []
    for means in _window_means():
        cells = np.matmul(means, edges @ means.T)
        places = len(means) // PLACES
        squares = cells.reshape(-1, places, PLACES, places, PLACES).transpose(0, 1, 3, 2, 4)
        found.append(squares.reshape(len(edges), places * places, PLACES * PLACES))
    return to_length(np.concatenate(found, axis=1))


def positions_of(gists: Gist) -> Windows:
    """What whole pictures show, in eight positions, upright and mirrored first; (n, 8, 64)."""
    upright = gists.reshape(-1, PLACES, PLACES)
    upright = upright - upright.mean(axis=1, keepdims=True)
    upright = upright - upright.mean(axis=2, keepdims=True)
    rolled = upright.transpose(0, 2, 1)
    ways = [
        way
        for side in (upright, upright[:, ::-1], rolled, rolled[:, ::-1])
        for way in (side, side[:, :, ::-1])
    ]
    return to_length(np.stack(ways, axis=1).reshape(len(gists), 8, PLACES * PLACES))


_NOTHING: Edges = np.zeros((SIDE, SIDE), np.float32)


@cache
def _window_means() -> list[NDArray[np.float32]]:
    """For each size of windows, what makes a line of pixels into the means of their cells.

    (places * 8, SIDE): in each window, the eight add up to 0, which leaves straight lines out.
    """
    found = []
    for side in (SIDE, *SIDES):
        steps = -(-(SIDE - side) // _STEP)
        offsets = np.linspace(0, SIDE - side, steps + 1).round()
        bounds = offsets[:, None] + np.linspace(0, side, PLACES + 1)
        covered = np.clip(bounds[:, :, None] - np.arange(SIDE), 0, 1)  # of each pixel, so far
        cells = np.diff(covered, axis=1)
        cells -= cells.mean(axis=1, keepdims=True)
        found.append(cells.reshape(-1, SIDE).astype(np.float32))
    return found
