"""An indexer, run as a process, that tells what it is about to commit and what it has committed.

python -m tests.support.reporting COLLECTION ROOT...

One JSON object a line on stdout: {"begin": true}, then for each transaction {"about": changes} and
{"done": true}, at the end {"added": ..., "updated": ..., "removed": ...} or {"error": ...}.
Whoever kills the process knows from these lines what has to be in the collection: `Expected` takes
them in.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lookalike.errors import LookalikeError
from lookalike.indexer import index, ledger
from lookalike.store import Changes, LocalStore, Store, Writer
from tests.support.encoder import CountingEncoder
from tests.support.formats import one_more_migration

SKIPPED = "skipped"


def commit_often() -> None:
    """So that an interruption has many moments to hit."""
    ledger._COMMIT_EVERY_S = 0.0


@dataclass
class Expected:
    """What has to be in a collection: content hash, or `SKIPPED`, by path.

    `pending` is the transaction that was about to be committed: it is there whole, or not at all.
    `last` is what the process said at its end.
    """

    paths: dict[str, str] = field(default_factory=dict)
    pending: dict[str, Any] | None = None
    last: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store) -> "Expected":
        """What is there now."""
        paths = {s.file.path: s.file.digest.hex() for files, _ in store.scan() for s in files}
        return cls(paths | {skip.path: SKIPPED for skip in store.skipped()})

    def take(self, line: str) -> None:
        """Take in one line of the process; half a line, as a kill leaves it, is passed over."""
        try:
            said = json.loads(line)
        except ValueError:
            return
        if "about" in said:
            self.pending = said["about"]
        elif "done" in said:
            self.paths = self.after_pending()
            self.pending = None
        else:
            self.last = said

    def after_pending(self) -> dict[str, str]:
        """The paths once the pending transaction is there too."""
        if self.pending is None:
            return self.paths
        kept = {p: d for p, d in self.paths.items() if p not in set(self.pending["gone"])}
        return kept | dict(self.pending["put"])


class _Reporter:
    def __init__(self, writer: Writer, store: Store) -> None:
        self._writer = writer
        self._store = store

    def apply(self, changes: Changes) -> None:
        """Tell, write, tell."""
        ids = [*changes.removed, *(moved.id for moved in changes.moved)]
        put = {file.path: file.digest.hex() for file in changes.put}
        put |= {moved.file.path: moved.file.digest.hex() for moved in changes.moved}
        put |= {skip.path: SKIPPED for skip in changes.skipped}
        gone = [stored.file.path for stored in self._store.get(ids)] + changes.unskipped
        _say({"about": {"gone": gone, "put": put}})
        self._writer.apply(changes)
        _say({"done": True})


class ReportingStore(LocalStore):
    """Tells on stdout what is committed to it."""

    @contextmanager
    def write(self) -> Iterator[Writer]:  # type: ignore[override]
        with super().write() as writer:
            yield _Reporter(writer, self)


def _say(record: dict[str, Any]) -> None:
    # One system call a line, so that a kill cannot come between a commit and half of its news.
    os.write(1, (json.dumps(record) + "\n").encode())


def main(folder: str, *roots: str) -> None:
    """Index, and tell."""
    commit_often()
    with one_more_migration(bool(os.environ.get("ONE_MORE_MIGRATION"))):
        _say({"begin": True})
        try:
            store = ReportingStore(folder)
            summary = index(store, CountingEncoder(), roots)
            store.close()
        except LookalikeError as error:
            _say({"error": type(error).__name__, "sentence": str(error)})
            sys.exit(1)
    _say({"added": summary.added, "updated": summary.updated, "removed": summary.removed})


if __name__ == "__main__":
    main(*sys.argv[1:])
