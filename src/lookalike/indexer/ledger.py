"""What a run has done, and what waits to be written."""

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lookalike.indexer.batches import Fresh
from lookalike.indexer.candidates import Missing
from lookalike.indexer.films import FilmDone
from lookalike.indexer.prepare import Copied, Kept, Refused, stale_ids
from lookalike.indexer.workshop import Outcome
from lookalike.store import Changes, FileRecord, SkippedFile, Store, Writer
from lookalike.types import Rules, Skipped

_COMMIT_EVERY_S = 1.0
_COMMIT_AFTER = 1024


class Ledger:
    """Counts outcomes and commits them about once a second."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._pending = Changes()
        self._committed_at = time.monotonic()
        self.added = 0
        self.updated = 0
        self.unchanged = 0
        self.removed = 0
        self.refused = 0
        self.encoded = 0
        self.warnings: list[str] = []
        self._news: list[Skipped] = []

    @property
    def done(self) -> int:
        """Files dealt with so far."""
        return self.added + self.updated + self.unchanged + self.refused

    def record(self, outcome: Outcome) -> None:
        """Note one outcome; it is written with the next commit."""
        if isinstance(outcome, Fresh):
            self._put((outcome.file,), (outcome.vector,), outcome.known)
            self.encoded += 1
        elif isinstance(outcome, Copied | FilmDone):
            self._put(outcome.files, outcome.vectors, outcome.known)
            self.encoded += len(outcome.files) if isinstance(outcome, FilmDone) else 0
        elif isinstance(outcome, Kept):
            self._pending.moved.extend(outcome.stored)
            self._pending.removed.extend(outcome.stale)
            if outcome.renamed:
                self.updated += 1
            else:
                self.unchanged += 1
        elif isinstance(outcome, Refused):
            self.skip(outcome.skipped)
        else:
            raise TypeError(f"{type(outcome).__name__} is no outcome")

    def _put(
        self,
        files: Sequence[FileRecord],
        vectors: Sequence[NDArray[np.float32]],
        known: Sequence[int],
    ) -> None:
        """Note the pictures of one file, in place of what was under its path (`known`)."""
        self._pending.put.extend(files)
        self._pending.vectors.extend(vectors)
        self._pending.removed.extend(stale_ids(self._store, known, [f.frame for f in files]))
        if known:
            self.updated += 1
        else:
            self.added += 1

    def skip(self, skipped: SkippedFile) -> None:
        """Note a file that cannot be used."""
        self._pending.skipped.append(skipped)
        self.refused += 1
        self._news.append(Skipped(skipped.path, skipped.reason))

    def take_news(self) -> tuple[Skipped, ...]:
        """The files skipped since it was asked before."""
        news, self._news = self._news, []
        return tuple(news)

    def remove(self, entry: Missing) -> None:
        """Note a file to forget."""
        if entry.ids:
            self._pending.removed.extend(entry.ids)
            self.removed += 1
        else:
            self._pending.unskipped.append(entry.path)

    def warn(self, sentence: str) -> None:
        """Note something that was left alone, for a person."""
        self.warnings.append(sentence)

    def saw_folder(self, path: str, device: int) -> None:
        """Note a folder and the device that it is on."""
        self._pending.folders[path] = device

    def saw_root(self, path: str, rules: Rules) -> None:
        """Note a folder that the user asked for, and its rules."""
        self._pending.roots[path] = rules

    def relocate(self, roots: dict[str, str]) -> None:
        """Write that roots are at other paths now, at once.

        Raises:
            StoreError: the store cannot be written.
        """
        self._pending.relocated.update(roots)
        self.commit()
        for old, new in roots.items():
            self.warn(f"{old} is at {new} now: what was known of it goes on there")

    def commit_if_due(self) -> None:
        """Write, if the last commit is a while ago."""
        waited = time.monotonic() - self._committed_at
        if waited >= _COMMIT_EVERY_S or len(self._pending) >= _COMMIT_AFTER:
            self.commit()

    def commit(self) -> None:
        """Write what waits.

        Raises:
            StoreError: the store cannot be written.
        """
        pending, self._pending = self._pending, Changes()
        if len(pending):
            self._writer.apply(pending)
        self._committed_at = time.monotonic()
