"""A collection into another store, without encoding anything again.

Everything is found by path and frame, so it does not matter where an earlier copy was interrupted:
what is there already is passed over, and the rest is written in the order of the source.
"""

import os
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from lookalike.errors import (
    CollectionBusyError,
    EncoderMismatchError,
    StoreError,
    StoreUnavailableError,
)
from lookalike.store.base import Changes, Store, StoredFile, Writer
from lookalike.store.where import label_key

T = TypeVar("T")

_BATCH = 2048  # pictures in one transaction
_NAMES = 500_000  # file names that are remembered of folders
_SAMPLES = 256  # embeddings that are compared at the end
_ROUNDING = 2.0**-11  # of float16, near 1

Counted = Callable[[int, int], None]
"""Is told how many pictures are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy has done.

    Attributes:
        images: pictures that are in both stores now.
        copied: those of them that this run has written.
        labelled: pictures that this run gave labels.
        skipped: files that cannot be used, known to both now.
        roots: indexed folders, with their rules, known to both now.
        lacking: pictures of the source that have no embedding, and were left there.
        checked: embeddings that were read back and compared.
        left: what else the source has embeddings of, which stayed there.
    """

    images: int
    copied: int
    labelled: int
    skipped: int
    roots: int
    lacking: int
    checked: int
    left: tuple[str, ...]


def copy_store(source: Store, target: Store, on_progress: Counted | None = None) -> Copied:
    """Copy all that `Store` speaks of, and check it: by count, and by sampled embeddings.

    It may be interrupted at any moment; the next call goes on. Ids are the target's own. Both are
    held against other writers meanwhile.

    Args:
        source: is not changed.
        target: empty, or what an earlier copy of `source` left.
        on_progress: called with (done, total) pictures; what it raises ends the copy.

    Raises:
        EncoderMismatchError: the target has embeddings of another encoder.
        CollectionBusyError: another process writes to one of them.
        StoreError: the target holds other pictures, one of them cannot be read or written, or
            what was written does not read back the same.
    """
    if not target.encoder.same_embeddings(source.encoder):
        raise EncoderMismatchError(
            f"{target.location} was made with {target.encoder.name} "
            f"({target.encoder.sha256[:12]}), {source.location} with {source.encoder.name} "
            f"({source.encoder.sha256[:12]}): copy to a place that has no collection"
        )
    source, target = source.patient(), target.patient()
    with _unchanged(source), target.write() as writer:
        _refuse_others(source, target)
        return _Copy(source, target, writer, on_progress).run()


class _Copy:
    def __init__(
        self, source: Store, target: Store, writer: Writer, on_progress: Counted | None
    ) -> None:
        self._source = source
        self._target = target
        self._writer = writer
        self._on_progress = on_progress

    def run(self) -> Copied:
        there = _Finder(self._target) if self._target.count() else None
        total = self._source.count()
        unlabelled, samples = array("q"), array("q")
        seen = copied = 0
        for files, vectors in self._source.scan(_BATCH):
            known = there.find(files) if there else {}
            new = [n for n, each in enumerate(files) if not _same(known.get(each.file.key), each)]
            if new:
                self._writer.apply(
                    Changes(put=[files[n].file for n in new], vectors=[vectors[n] for n in new])
                )
            unlabelled.extend(self._unlabelled(files, known))
            samples.extend(each.id for each in files[:: max(1, total // _SAMPLES)])
            seen, copied = seen + len(files), copied + len(new)
            if self._on_progress is not None:
                self._on_progress(seen, total)
        self._give_labels(unlabelled)
        skipped = self._give_skipped()
        roots = self._give_roots()
        self._check(seen, samples)
        return Copied(
            images=seen,
            copied=copied,
            labelled=len(unlabelled),
            skipped=skipped,
            roots=roots,
            lacking=max(0, self._source.count() - seen),
            checked=len(samples),
            left=_left(self._source),
        )

    def _unlabelled(self, files: Sequence[StoredFile], known: "_Found") -> Iterator[int]:
        """Ids, in the source, of the pictures whose labels the target does not have yet."""
        wanted = self._source.labels([each.id for each in files])
        there = self._target.labels([each.id for each in known.values()]) if known else {}
        for each in files:
            copy = known.get(each.file.key)
            # The keywords of a new picture become its labels where it is written.
            given = each.file.keywords if copy is None else there.get(copy.id, ())
            if set(map(label_key, given)) != set(map(label_key, wanted.get(each.id, ()))):
                yield each.id

    def _give_labels(self, ids: Sequence[int]) -> None:
        there = _Finder(self._target)
        for part in _parts(ids):
            labels = self._source.labels(part)
            files = self._source.get(part)
            found = there.find(files)
            self._target.set_labels(
                {found[each.file.key].id: labels.get(each.id, ()) for each in files}
            )

    def _give_skipped(self) -> int:
        skipped = self._source.skipped()
        there = {each.path: each for each in self._target.skipped()}
        gone = there.keys() - {each.path for each in skipped}
        self._apply(Changes(unskipped=list(gone)))
        for part in _parts([each for each in skipped if there.get(each.path) != each]):
            self._apply(Changes(skipped=list(part)))
        return len(skipped)

    def _give_roots(self) -> int:
        """Last, so that nobody indexes into half a copy without saying what."""
        roots = self._source.roots()
        for root in roots:
            known = self._target.folders(root)
            folders = self._source.folders(root)
            for part in _parts([each for each in folders.items() if each not in known.items()]):
                self._apply(Changes(folders=dict(part)))
        self._apply(Changes(roots=roots))
        return len(roots)

    def _apply(self, changes: Changes) -> None:
        if len(changes):
            self._writer.apply(changes)

    def _check(self, seen: int, samples: Sequence[int]) -> None:
        count = self._target.count()
        if count != seen:
            raise StoreError(
                f"{self._target.location} has {count} pictures where {seen} were copied: run the "
                "same command again"
            )
        there = _Finder(self._target)
        for part in _parts(samples):
            files = self._source.get(part)
            found = there.find(files)
            copies = [found[each.file.key].id for each in files]
            wrong = np.abs(self._source.vectors(part) - self._target.vectors(copies)) > _ROUNDING
            if wrong.any():
                path = files[int(wrong.any(axis=1).argmax())].file.path
                raise StoreError(
                    f"the embedding of {path} is another one in {self._target.location}: that "
                    "copy cannot be used, make it again elsewhere"
                )


_Found = dict[tuple[str, int | None], StoredFile]


class _Finder:
    """Finds the pictures of one store in another, which gets no others of the same path.

    The names of the folders that were asked for last are remembered: pictures that follow each
    other mostly lie together.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folders: OrderedDict[str, dict[str, tuple[int, ...]]] = OrderedDict()
        self._names = 0

    def find(self, files: Sequence[StoredFile]) -> _Found:
        """Those of the store that have the same path and frame, by both."""
        ids: dict[int, None] = {}
        for each in files:
            folder, name = os.path.split(each.file.path)
            ids.update(dict.fromkeys(self._in(folder).get(name, ())))
        found = {each.file.key: each for each in self._store.get(list(ids))}
        return {each.file.key: found[each.file.key] for each in files if each.file.key in found}

    def _in(self, folder: str) -> dict[str, tuple[int, ...]]:
        names = self._folders.get(folder)
        if names is None:
            states = self._store.states(folder).items()
            names = self._folders[folder] = {name: state.ids for name, state in states}
            self._names += len(names)
            while self._names > _NAMES and len(self._folders) > 1:
                self._names -= len(self._folders.popitem(last=False)[1])
        self._folders.move_to_end(folder)
        return names


@contextmanager
def _unchanged(store: Store) -> Iterator[None]:
    """Keep indexers out of a store."""
    with ExitStack() as stack:
        try:
            stack.enter_context(store.write())
        except (CollectionBusyError, EncoderMismatchError, StoreUnavailableError):
            raise
        except StoreError:
            pass  # it cannot be written: on a medium that is read-only, nobody does
        yield


def _refuse_others(source: Store, target: Store) -> None:
    known = _Finder(source)
    for files, _ in target.scan(_BATCH) if target.count() else ():
        found = known.find(files)
        for each in files:
            if each.file.key not in found:
                raise StoreError(
                    f"{target.location} holds pictures that {source.location} does not, such as "
                    f"{each.file.path}: copy to a place that has no collection"
                )


def _left(store: Store) -> tuple[str, ...]:
    layers = () if store.layers is None else store.layers.all()
    return tuple(
        f"regions for {layer.encoder.name}" if layer.regions else layer.encoder.name
        for layer in layers
        if not layer.answers
    )


def _same(copy: StoredFile | None, original: StoredFile) -> bool:
    return copy is not None and copy.file == original.file


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]
