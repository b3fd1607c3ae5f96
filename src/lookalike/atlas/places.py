"""Where every picture of a collection lies on its map."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from lookalike.atlas.sheets import CELLS
from lookalike.collection import Collection
from lookalike.layout import MAX_LANDMARKS, Layout
from lookalike.types import Ids

_FORMAT = "1"
"""Goes up when the same embeddings get another map."""


@dataclass(frozen=True, slots=True)
class Places:
    """A map.

    Attributes:
        version: names the map; another one for other embeddings.
        ids: (n,) int64. The first sheet's worth of them is spread over the whole map; from there on
            neighbours on the map are neighbours in this order, so that a part of the map needs few
            sheets.
        xy: (n, 2) float32, within 0..1; across and down.
    """

    version: str
    ids: Ids
    xy: NDArray[np.float32]


def version_of(collection: Collection) -> str:
    """The version that a map made now would have."""
    return f"{_FORMAT}-{collection.generation()}"


def compute(collection: Collection) -> Places:
    """Make the map: up to `MAX_LANDMARKS` pictures are laid out, the others placed among them.

    Memory grows by that number times the dimension, and by 16 bytes a picture.
    """
    version = version_of(collection)
    step = max(1, -(-len(collection) // MAX_LANDMARKS))
    picked, seen = [], 0
    for stored, embeddings in collection.scan():
        picked.append(embeddings[-seen % step :: step])
        seen += len(stored)
    if not picked:
        return Places(version, np.empty(0, np.int64), np.empty((0, 2), np.float32))
    layout = Layout(np.concatenate(picked))
    ids, places = [], []
    for stored, embeddings in collection.scan():
        ids.append(np.array([each.id for each in stored], np.int64))
        places.append(layout.place(embeddings))
    xy = np.concatenate(places) / np.float32(2) + np.float32(0.5)
    order = _order(xy)
    return Places(version, np.concatenate(ids)[order], np.clip(xy[order], 0, 1))


def save(places: Places, path: str) -> None:
    """Keep a map on disk; a disk that refuses is no error."""
    scratch = f"{path}.{secrets.token_hex(8)}.npz"  # machines may share the folder
    with suppress(OSError):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        np.savez(scratch, version=np.array(places.version), ids=places.ids, xy=places.xy)
        os.replace(scratch, path)


def load(path: str) -> Places | None:
    """The map on disk, or None where there is none that can be read."""
    try:
        # Opened here: np.load leaves the file of a damaged archive open.
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            places = Places(str(file["version"]), file["ids"], file["xy"])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    shapes = places.ids.ndim == 1 and places.xy.shape == (len(places.ids), 2)
    return places if shapes else None


def _order(xy: NDArray[np.float32]) -> NDArray[np.intp]:
    """First some that are spread over the map, then the others along a curve that fills it."""
    count = len(xy)
    curve = _along_curve(xy)
    if count <= CELLS:
        return curve
    # Even steps along the curve follow the crowd, and leave nothing of any size out.
    spread = np.zeros(count, bool)
    spread[np.linspace(0, count - 1, CELLS).astype(np.intp)] = True
    return np.concatenate([curve[spread], curve[~spread]])


def _along_curve(xy: NDArray[np.float32]) -> NDArray[np.intp]:
    """Rows in the order of Morton's curve: x and y with their bits in turn."""
    cells = np.clip(xy * 65535, 0, 65535).astype(np.uint64)
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        cells = (cells | (cells << np.uint64(shift))) & np.uint64(mask)
    return np.argsort(cells[:, 0] | (cells[:, 1] << np.uint64(1)), kind="stable")
