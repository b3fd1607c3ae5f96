"""The gist of a picture: so little of its look that 100,000 pictures are compared in a minute.

A gist is 64 numbers, the edges of a look averaged over 8 x 8 places. Mirroring and turning by
quarters move the numbers and change none, so a copy in any position is found by looking the gist
up in all positions. What is found is a candidate, for the second look to decide.
"""

import os
import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from lookalike.search.look import SIDE, Edges
from lookalike.search.looks import Looks
from lookalike.store import StoredFile

PLACES = 8
"""Places of a gist, each way."""

ALIKE = 0.85
"""Least correlation of two gists of one picture, in the right position."""

NEAREST = 3
"""How many of the nearest in each position are candidates."""

_CLUSTERED = 20_000
"""From so many pictures on, gists are looked up through lists of similar ones."""

_BATCH = 256

Gist = NDArray[np.float32]
Pairs = set[tuple[int, int]]

# With these all eight positions are covered: a quarter turn to the left of one picture is a quarter
# turn to the right of the other.
_POSITIONS: tuple[Callable[[Gist], Gist], ...] = (
    lambda gists: gists,
    lambda gists: gists[:, :, ::-1],
    lambda gists: gists[:, ::-1],
    lambda gists: gists[:, ::-1, ::-1],
    lambda gists: gists.transpose(0, 2, 1),
    lambda gists: gists[:, ::-1, ::-1].transpose(0, 2, 1),
    lambda gists: np.rot90(gists, axes=(1, 2)),
)


def gist_of(edges: Edges) -> Gist:
    """The gist of a look's edges, (64,) of length 1, or all 0 where there is nothing to see."""
    part = SIDE // PLACES
    means = edges.reshape(PLACES, part, PLACES, part).mean(axis=(1, 3)).ravel()
    length = float(np.linalg.norm(means))
    return means / np.float32(length) if length > 1e-3 else np.zeros_like(means)


class Gists:
    """Gists of pictures: taken once, and kept in a file, which may be deleted at any time.

    Args:
        file: its path; None keeps nothing.
    """

    def __init__(self, file: str | None = None) -> None:
        self._file = file
        self._lock = threading.Lock()

    def of(
        self,
        looks: Looks,
        files: Sequence[StoredFile],
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Gist:
        """The gists of pictures, (n, 64); all 0 for one whose file cannot be read any more.

        Args:
            looks: of these pictures.
            files: the pictures.
            on_progress: called with (done, total).
        """
        with self._lock:
            known = self._load()
            lacking = [item for item in files if _key(item) not in known]
            for start in range(0, len(lacking), _BATCH):
                part = lacking[start : start + _BATCH]
                for item, look in zip(part, looks.several(part), strict=True):
                    if look is not None:
                        known[_key(item)] = gist_of(look.edges).astype(np.float16)
                if on_progress is not None:
                    on_progress(start + len(part), len(lacking))
            if lacking:
                self._save(known, map(_key, files))
        nothing = np.zeros(PLACES * PLACES, np.float16)
        rows = [known.get(_key(item), nothing) for item in files]
        return np.array(rows, np.float32).reshape(len(files), PLACES * PLACES)

    def _load(self) -> dict[bytes, NDArray[np.float16]]:
        if self._file is None:
            return {}
        with suppress(OSError, ValueError, KeyError), np.load(self._file) as held:
            keys, gists = held["keys"], held["gists"]
            if gists.shape == (len(keys), PLACES * PLACES) and keys.dtype == np.dtype("V24"):
                return {key.tobytes(): gist for key, gist in zip(keys, gists, strict=True)}
        return {}

    def _save(self, known: dict[bytes, NDArray[np.float16]], keys: Iterable[bytes]) -> None:
        """Pictures that are gone are let go of; a place that cannot be written costs time."""
        if self._file is None:
            return
        kept = [key for key in dict.fromkeys(keys) if key in known]
        scratch = f"{self._file}.{secrets.token_hex(8)}.npz"  # machines may share it
        with suppress(OSError):
            os.makedirs(os.path.dirname(self._file), exist_ok=True)
            np.savez(
                scratch,
                keys=np.frombuffer(b"".join(kept), "V24"),
                gists=np.array([known[key] for key in kept], np.float16),
            )
            os.replace(scratch, self._file)


def alike(ids: Sequence[int], gists: Gist) -> Pairs:
    """Pairs of pictures, the lower id first, whose gists are alike in any position.

    Args:
        ids: of the pictures.
        gists: (n, 64), in their order; those that are all 0 are like nothing.
    """
    import faiss

    seen = np.flatnonzero(gists.any(axis=1))
    gallery = np.ascontiguousarray(gists[seen])
    names = np.asarray(ids, np.int64)[seen]
    if len(gallery) < 2:
        return set()
    index: faiss.Index = faiss.IndexFlatIP(gallery.shape[1])
    if len(gallery) >= _CLUSTERED:
        lists = int(4 * len(gallery) ** 0.5)
        index = faiss.IndexIVFFlat(index, gallery.shape[1], lists, faiss.METRIC_INNER_PRODUCT)
        index.nprobe = max(8, lists // 40)
        rng = np.random.default_rng(0)
        index.train(gallery[rng.choice(len(gallery), min(len(gallery), 40 * lists), replace=False)])
    index.add(gallery)
    pairs: Pairs = set()
    squares = gallery.reshape(-1, PLACES, PLACES)
    for turned in _POSITIONS:
        queries = np.ascontiguousarray(turned(squares).reshape(len(squares), -1))
        scores, places = index.search(queries, NEAREST + 1)
        found = np.argwhere((scores >= ALIKE) & (places >= 0))
        for row, column in found.tolist():
            one, other = int(names[row]), int(names[places[row, column]])
            if one != other:
                pairs.add((min(one, other), max(one, other)))
    return pairs


def _key(item: StoredFile) -> bytes:
    """Tells contents apart, and frames of one film."""
    frame = -1 if item.file.frame is None else item.file.frame
    return item.file.digest + frame.to_bytes(8, "little", signed=True)
