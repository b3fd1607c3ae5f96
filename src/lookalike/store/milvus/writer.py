"""The one writer of a collection on a Milvus server.

Milvus has no transactions, so the order of the steps sees to it that a kill between any two loses
and doubles nothing. A picture is one entity, which is there with its vector or not at all. Whatever
takes the place of something else is written after that has gone: in between the file is unknown,
and the next run of the indexer reads it again. Moves are the exception, as two pictures may swap
names: they are written into a journal first, and the next writer ends what it finds there. A root's
own entry moves last, so that the move of all that is under it can be begun again.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import StoreError
from lookalike.store.base import NO_DEVICE, Changes, FileRecord, StoredFile, under
from lookalike.store.checks import check_moved, checked_vectors
from lookalike.store.milvus.catalogue import Catalogue, named
from lookalike.store.milvus.entities import Entity, entity_of, stored_file
from lookalike.store.milvus.lease import Lease
from lookalike.store.milvus.schema import SCALARS
from lookalike.store.milvus.server import Server
from lookalike.store.milvus.text import escaped, under_folder, unescaped
from lookalike.store.where import label_key

_BLOCK = 10_000
"""Ids are set aside by so many: those that were not given when a writer dies are never given."""

_JOURNAL = 16
"""Moves of one entry of the journal, which may have 64 KiB."""

_PART = 1000


class MilvusWriter:
    """Writes changes while it lives inside `MilvusStore.write`.

    Attributes:
        written: the pictures that it has put so far.
    """

    def __init__(
        self, server: Server, catalogue: Catalogue, name: str, dimension: int, lease: Lease
    ) -> None:
        self._server = server
        self._catalogue = catalogue
        self._name = name
        self._dimension = dimension
        self._lease = lease
        self._next = self._end = 0
        self._state: int | None = None
        self.written = 0
        self._finish_journal()

    def apply(self, changes: Changes) -> None:
        """See `Writer.apply`."""
        vectors = checked_vectors(changes, self._dimension).astype(np.float32)
        check_moved(changes)
        self._server.wait_for(self._lease.check)
        self._check_known([moved.id for moved in changes.moved])
        counts = changes.put or changes.moved or changes.skipped or changes.removed
        if counts:
            self._stamp()
        for old, new in changes.relocated.items():
            self._relocate(old, new)
        self._remove(changes.removed)
        self._catalogue.unskip(changes.unskipped)
        self._catalogue.put_folders(changes.folders)
        self._catalogue.put_roots(changes.roots)
        self._catalogue.meet_folders(
            os.path.dirname(path)
            for path in (
                *(file.path for file in changes.put),
                *(moved.file.path for moved in changes.moved),
                *(skipped.path for skipped in changes.skipped),
            )
        )
        self._move(changes.moved)
        self._put(changes.put, vectors)
        self._skip(changes)
        if counts:
            self._stamp()

    def _check_known(self, ids: Sequence[int]) -> None:
        missing = sorted(set(ids) - self._server.by_ids(self._name, ids, ["id"]).keys())
        if missing:
            raise StoreError(f"picture {missing[0]} was moved, but is not in the collection")

    def _stamp(self) -> None:
        """Name another state: before something changes, and after it."""
        if self._state is None:
            found = self._catalogue.get("state", latest=True) or {"number": 0}
            self._state = int(found["number"])
        self._state += 1  # nobody else writes it meanwhile
        self._catalogue.put("state", {"number": self._state})

    def _new_ids(self, count: int) -> list[int]:
        ids: list[int] = []
        while len(ids) < count:
            if self._next == self._end:
                found = self._catalogue.get("ids", latest=True) or {"end": 1}
                self._next, self._end = int(found["end"]), int(found["end"]) + _BLOCK
                self._catalogue.put("ids", {"end": self._end})
            taken = min(count - len(ids), self._end - self._next)
            ids += range(self._next, self._next + taken)
            self._next += taken
        return ids

    def _at(self, paths: Iterable[str]) -> dict[tuple[str, int | None], StoredFile]:
        """The pictures that are stored under these paths, by path and frame."""
        found: dict[tuple[str, int | None], StoredFile] = {}
        places = sorted({os.path.split(path) for path in paths})
        for folder, group in groupby(places, key=lambda place: place[0]):
            names = [name for _, name in group]
            for start in range(0, len(names), _PART):
                condition = named(folder, names[start : start + _PART])
                for batch in self._server.every(self._name, "id", condition, SCALARS):
                    for stored in map(stored_file, batch):
                        found[stored.file.key] = stored
        return found

    def _put(self, files: Sequence[FileRecord], vectors: NDArray[np.float32]) -> None:
        if not files:
            return
        rows = {file.key: (file, vector) for file, vector in zip(files, vectors, strict=True)}
        there = self._at(file.path for file, _ in rows.values())
        fresh = iter(self._new_ids(sum(key not in there for key in rows)))
        pictures = [
            StoredFile(there[key].id if key in there else next(fresh), file)
            for key, (file, _) in rows.items()
        ]
        self._catalogue.unskip({file.path for file, _ in rows.values()})
        self._relabel([(there.get(item.file.key), item) for item in pictures])
        self._server.upsert(
            self._name,
            [
                entity_of(item.id, item.file, vector)
                for item, (_, vector) in zip(pictures, rows.values(), strict=True)
            ],
        )
        self.written += len(pictures)

    def _move(self, moved: Sequence[StoredFile]) -> None:
        if not moved:
            return
        keys = []
        for start in range(0, len(moved), _JOURNAL):
            part = moved[start : start + _JOURNAL]
            keys.append(f"journal:{start:09d}")
            moves = [{"id": item.id, "file": _plain(item.file)} for item in part]
            self._catalogue.put(keys[-1], {"key": keys[-1], "moves": moves}, kind="journal")
        self._carry_out(moved)
        self._catalogue.delete(keys)

    def _finish_journal(self) -> None:
        entries = self._catalogue.journal()
        moves = [StoredFile(m["id"], _record(m["file"])) for e in entries for m in e["moves"]]
        known = self._server.by_ids(self._name, (move.id for move in moves), ["id"])
        if moves:
            self._stamp()
            self._carry_out([move for move in moves if move.id in known])
            self._catalogue.delete(entry["key"] for entry in entries)

    def _carry_out(self, moved: Sequence[StoredFile]) -> None:
        """Move pictures; as often as one likes."""
        going = {item.id for item in moved}
        there = self._at(item.file.path for item in moved)
        ends = {item.file.key for item in moved}
        self._remove([s.id for key, s in there.items() if key in ends and s.id not in going])
        self._catalogue.unskip({item.file.path for item in moved})
        before = self._server.by_ids(self._name, going, (*SCALARS, "vector"))
        self._relabel([(stored_file(before[item.id]), item) for item in moved])
        self._server.upsert(
            self._name,
            [
                entity_of(item.id, item.file, np.asarray(before[item.id]["vector"], np.float32))
                for item in moved
            ],
        )

    def _skip(self, changes: Changes) -> None:
        if not changes.skipped:
            return
        there = self._at(skipped.path for skipped in changes.skipped)
        self._remove([stored.id for stored in there.values()])
        self._catalogue.put_skipped(list({file.path: file for file in changes.skipped}.values()))

    def _remove(self, ids: Sequence[int]) -> None:
        self._server.delete(self._name, [int(i) for i in ids])
        self._catalogue.delete(f"labels:{i}" for i in ids)

    def _relabel(self, pictures: Iterable[tuple[StoredFile | None, StoredFile]]) -> None:
        """Keywords of files that are others than before: see `FileRecord.keywords`."""
        changed = []
        for before, after in pictures:
            old = set(map(label_key, before.file.keywords if before else ()))
            new = {label_key(name): name for name in after.file.keywords}
            if new.keys() != old:
                changed.append((after.id, old, new))
        if not changed:
            return
        had = self._catalogue.labels([image_id for image_id, _, _ in changed])
        self._catalogue.put_labels(
            {
                image_id: [
                    *(n for n in had.get(image_id, ()) if label_key(n) not in old - new.keys()),
                    *(name for key, name in new.items() if key not in old),
                ]
                for image_id, old, new in changed
            }
        )

    def _relocate(self, old: str, new: str) -> None:
        def there(path: str) -> str:
            return new if path == old else os.path.join(new, path[len(os.path.join(old, "")) :])

        for batch in self._server.every(
            self._name, "id", under_folder("folder", old), (*SCALARS, "vector"), _PART
        ):
            moved = []
            for entity in batch:
                folder, name = os.path.split(there(stored_file(entity).file.path))
                moved.append({**_whole(entity), "folder": escaped(folder), "name": escaped(name)})
            self._server.upsert(self._name, moved)
        skipped = self._catalogue.skipped(under_folder("folder", old))
        self._catalogue.put_skipped([replace(file, path=there(file.path)) for file in skipped])
        self._catalogue.unskip(file.path for file in skipped)
        folders = self._catalogue.folders(old)
        self._catalogue.delete_folders(
            folder for folder in self._catalogue.folders(new) if under(folder, new)
        )
        self._catalogue.put_folders({there(folder): NO_DEVICE for folder in folders})
        self._catalogue.delete_folders(folders)
        roots = self._catalogue.roots()
        if old in roots:
            self._catalogue.put_roots({new: roots[old]})
            self._catalogue.delete_root(old)


def _whole(entity: Entity) -> Entity:
    """An entity as it was read, with the fields that follow from its data."""
    item = stored_file(entity)
    return entity_of(item.id, item.file, np.asarray(entity["vector"], np.float32))


def _plain(file: FileRecord) -> Mapping[str, Any]:
    """A record as JSON can hold it."""
    return {**asdict(file), "path": escaped(file.path), "digest": file.digest.hex()}


def _record(fields: Mapping[str, Any]) -> FileRecord:
    return FileRecord(
        **{
            **fields,
            "path": unescaped(fields["path"]),
            "digest": bytes.fromhex(fields["digest"]),
            "keywords": tuple(fields["keywords"]),
        }
    )
