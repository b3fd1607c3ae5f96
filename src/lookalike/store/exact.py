"""The oracle: everything in memory, every answer by plain NumPy. Also handy in tests."""

import itertools
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lookalike.encoders.spec import EncoderIdentity
from lookalike.errors import CollectionBusyError, StoreError
from lookalike.store.base import (
    NO_DEVICE,
    Changes,
    FileRecord,
    FileState,
    Neighbours,
    OnWait,
    SkippedFile,
    StoredFile,
    under,
)
from lookalike.store.checks import check_known, check_moved, check_query, checked_vectors
from lookalike.store.facets import besides, make_facets, month_of
from lookalike.store.where import camera_key, label_key, matches
from lookalike.types import Embeddings, Facets, Ids, Rules, Where


class ExactStore:
    """Implements `Store` without a disk."""

    def __init__(self, encoder: EncoderIdentity, encoder_source: str = "") -> None:
        self._encoder = encoder
        self._encoder_source = encoder_source
        self._files: dict[int, StoredFile] = {}
        self._ids: dict[tuple[str, int | None], int] = {}
        self._vectors: dict[int, NDArray[np.float16]] = {}
        self._labels: dict[int, list[str]] = {}
        self._skipped: dict[str, SkippedFile] = {}
        self._folders: dict[str, int] = {}
        self._roots: dict[str, Rules] = {}
        self._next_id = itertools.count(1)
        self._puts = 0
        self._state = threading.RLock()
        self._writing = threading.Lock()

    @property
    def location(self) -> str:
        return "memory"

    @property
    def encoder(self) -> EncoderIdentity:
        return self._encoder

    @property
    def encoder_source(self) -> str:
        return self._encoder_source

    @property
    def layers(self) -> None:
        return None

    def patient(self, on_wait: OnWait | None = None) -> "ExactStore":  # noqa: ARG002  never away
        return self

    @contextmanager
    def write(self) -> Iterator["ExactStore"]:
        if not self._writing.acquire(blocking=False):
            raise CollectionBusyError("another writer is at work on this collection")
        try:
            yield self
        finally:
            self._writing.release()

    def apply(self, changes: Changes) -> None:
        vectors = checked_vectors(changes, self._encoder.dimension)
        check_moved(changes)
        with self._state:
            for old, new in changes.relocated.items():
                self._relocate(old, new)
            unknown = [moved.id for moved in changes.moved if moved.id not in self._files]
            if unknown:
                raise StoreError(f"picture {unknown[0]} was moved, but is not in the collection")
            for image_id in changes.removed:
                self._remove(image_id)
            for path in changes.unskipped:
                self._skipped.pop(path, None)
            for moved in changes.moved:
                self._ids.pop(self._files[moved.id].file.key, None)
            for moved in changes.moved:
                self._take_place(moved.file, keep=moved.id)
                self._relabel(moved)
                self._files[moved.id] = moved
                self._ids[moved.file.key] = moved.id
            for file, vector in zip(changes.put, vectors, strict=True):
                image_id = self._ids.get(file.key) or next(self._next_id)
                self._take_place(file, keep=image_id)
                self._relabel(StoredFile(image_id, file))
                self._files[image_id] = StoredFile(image_id, file)
                self._ids[file.key] = image_id
                self._vectors[image_id] = vector
                self._puts += 1
            for skipped in changes.skipped:
                for key in [key for key in self._ids if key[0] == skipped.path]:
                    self._remove(self._ids[key])
                self._folders.setdefault(os.path.dirname(skipped.path), NO_DEVICE)
                self._skipped[skipped.path] = skipped
            self._folders.update(changes.folders)
            self._roots.update(changes.roots)

    def set_labels(self, labels: Mapping[int, Sequence[str]]) -> None:
        with self._state:
            check_known(list(labels), sum(image_id in self._files for image_id in labels))
            self._labels.update({image_id: [] for image_id in labels})
            for image_id, chosen in labels.items():
                self._give(image_id, chosen)

    def labels(self, ids: Sequence[int]) -> dict[int, list[str]]:
        with self._state:
            return {i: list(self._labels[i]) for i in ids if self._labels.get(i)}

    def count(self, where: Where | None = None) -> int:
        return len(self._fitting(where))

    def facets(self, where: Where | None = None) -> Facets:
        with self._state:
            counts = {}
            for name, others in besides(where).items():
                values = [v for i in self._fitting(others) for v in self._values(name, i)]
                counts[name] = Counter(_in_one_spelling(values) if name == "cameras" else values)
            return make_facets(counts, list(self.roots()), self.count(where))

    def state(self) -> tuple[int, int]:
        return len(self._files), self._puts

    def size_bytes(self) -> int:
        return 2 * self._encoder.dimension * len(self._vectors)

    def roots(self) -> dict[str, Rules]:
        return dict(sorted(self._roots.items()))

    def folders(self, root: str) -> dict[str, int]:
        return {path: device for path, device in self._folders.items() if under(path, root)}

    def states(self, folder: str) -> dict[str, FileState]:
        with self._state:
            found: dict[str, FileState] = {}
            for _, stored in sorted(self._files.items()):
                where, name = os.path.split(stored.file.path)
                if where == folder and name in found:
                    first = found[name]
                    found[name] = first._replace(frames=(*first.frames, stored.id))
                elif where == folder:
                    found[name] = _state(stored)
            for skip in self._skipped.values():
                if os.path.dirname(skip.path) == folder:
                    name = os.path.basename(skip.path)
                    found[name] = FileState(None, skip.size, skip.mtime_ns, skip.reader)
            return found

    def skipped(self) -> list[SkippedFile]:
        return sorted(self._skipped.values(), key=lambda skip: os.fsencode(skip.path))

    def get(self, ids: Sequence[int]) -> list[StoredFile]:
        return [self._files[i] for i in ids if i in self._files]

    def page(self, offset: int, limit: int, where: Where | None = None) -> list[StoredFile]:
        return self.get(self._fitting(where)[offset : offset + limit])

    def by_digest(self, digest: bytes) -> list[StoredFile]:
        with self._state:
            return [stored for stored in self._files.values() if stored.file.digest == digest]

    def vectors(self, ids: Sequence[int]) -> Embeddings:
        check_known(ids, len({i for i in ids if i in self._vectors}))
        rows = [self._vectors[i].astype(np.float32) for i in ids]
        return np.stack(rows) if rows else np.empty((0, self._encoder.dimension), np.float32)

    def scan(
        self, batch_size: int = 4096, where: Where | None = None
    ) -> Iterator[tuple[list[StoredFile], Embeddings]]:
        ids = self._fitting(where)
        for start in range(0, len(ids), batch_size):
            part = ids[start : start + batch_size]
            yield self.get(part), self.vectors(part)

    def search(
        self, queries: Embeddings, k: int, *, where: Where | None = None, ids: Ids | None = None
    ) -> Neighbours:
        check_query(queries, k, self._encoder.dimension)
        with self._state:
            chosen = np.array(self._fitting(where), dtype=np.int64)
            if ids is not None:
                chosen = np.intersect1d(chosen, ids)
            gallery = self.vectors([int(i) for i in chosen])
        scores = queries.astype(np.float32) @ gallery.T
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return Neighbours(chosen[order], np.take_along_axis(scores, order, axis=1))

    def close(self) -> None:
        pass

    def _fitting(self, where: Where | None) -> list[int]:
        """Ids of the pictures that fit, rising."""
        with self._state:
            return sorted(
                image_id
                for image_id, stored in self._files.items()
                if where is None or matches(where, stored.file, self._labels.get(image_id, ()))
            )

    def _values(self, name: str, image_id: int) -> Iterable[str]:
        """What a picture counts for in a list of `Facets`."""
        file = self._files[image_id].file
        if name == "labels":
            return self._labels.get(image_id, ())
        value = {
            "folders": os.path.dirname(file.path),
            "formats": file.format.upper(),
            "cameras": file.camera,
            "months": month_of(file),
        }[name]
        return () if value is None else (value,)

    def _spellings(self) -> Iterator[str]:
        return itertools.chain.from_iterable(self._labels.values())

    def _give(self, image_id: int, chosen: Iterable[str]) -> None:
        """Labels in place of those that a picture had, each as it was first written."""
        spelling = {label_key(name): name for name in self._spellings()}
        self._labels[image_id] = sorted(
            {spelling.setdefault(label_key(name), name) for name in chosen}
        )

    def _relabel(self, item: StoredFile) -> None:
        """See `FileRecord.keywords`; what is stored under the id is as it was before."""
        before = self._files.get(item.id)
        old = set(map(label_key, before.file.keywords if before else ()))
        new = {label_key(name): name for name in item.file.keywords}
        if new.keys() != old:
            kept = (
                n for n in self._labels.get(item.id, ()) if label_key(n) not in old - new.keys()
            )
            fresh = (name for key, name in new.items() if key not in old)
            self._give(item.id, [*kept, *fresh])

    def _relocate(self, old: str, new: str) -> None:
        def there(path: str) -> str:
            if path == old:
                return new
            below = os.path.join(old, "")
            return os.path.join(new, path[len(below) :]) if path.startswith(below) else path

        self._files = {
            image_id: replace(item, file=replace(item.file, path=there(item.file.path)))
            for image_id, item in self._files.items()
        }
        self._ids = {item.file.key: image_id for image_id, item in self._files.items()}
        self._skipped = {
            there(path): replace(skip, path=there(path)) for path, skip in self._skipped.items()
        }
        self._folders = {
            there(path): NO_DEVICE if under(path, old) else device
            for path, device in self._folders.items()
            if not under(path, new)
        }
        self._roots = {
            new if path == old else path: rules
            for path, rules in self._roots.items()
            if path != new
        }

    def _take_place(self, file: FileRecord, keep: int) -> None:
        """Make room for what comes, which is picture `keep`."""
        self._folders.setdefault(os.path.dirname(file.path), NO_DEVICE)
        self._skipped.pop(file.path, None)
        there = self._ids.get(file.key)
        if there is not None and there != keep:
            self._remove(there)

    def _remove(self, image_id: int) -> None:
        stored = self._files.pop(image_id, None)
        self._vectors.pop(image_id, None)
        self._labels.pop(image_id, None)
        if stored is not None and self._ids.get(stored.file.key) == image_id:
            del self._ids[stored.file.key]


def _in_one_spelling(cameras: list[str]) -> Iterator[str]:
    spelling: dict[str, str] = {}
    for name in sorted(cameras):
        spelling.setdefault(camera_key(name), name)
    return (spelling[camera_key(name)] for name in cameras)


def _state(stored: StoredFile) -> FileState:
    file = stored.file
    return FileState(stored.id, file.size, file.mtime_ns, "", file.details)
