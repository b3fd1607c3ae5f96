"""A collection with a counting encoder, and a run of the indexer over it."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lookalike.indexer import index
from lookalike.store import LocalStore, Store
from lookalike.types import IndexSummary
from tests.support.encoder import CountingEncoder


@dataclass
class Library:
    """A collection over `root`, and what the tests ask of it."""

    store: Store
    encoder: CountingEncoder
    root: Path

    def index(self, *roots: Path, **options: Any) -> IndexSummary:
        """Run the indexer over `roots`; without any, over `root`."""
        self.encoder.seen = 0
        places = [str(root) for root in roots] or [str(self.root)]
        return index(self.store, self.encoder, places, **options)

    def ids(self) -> dict[str, int]:
        """Ids by path."""
        return {item.file.path: item.id for item in self.store.page(0, 10_000)}

    def names(self) -> set[str]:
        """Paths relative to the root."""
        return {path.removeprefix(f"{self.root}/") for path in self.ids()}

    def reasons(self) -> dict[str, str]:
        """Reasons of skipped files by path relative to the root."""
        return {s.path.removeprefix(f"{self.root}/"): s.reason for s in self.store.skipped()}

    def nearest(self, path: Path) -> tuple[str, float]:
        """The nearest picture to a stored one, and its score."""
        found = self.store.search(self.store.vectors([self.ids()[str(path)]]), 1)
        return self.store.get([int(found.ids[0, 0])])[0].file.path, float(found.scores[0, 0])


@pytest.fixture
def library() -> Iterator[Library]:
    # Not in tmp_path, which pytest shuts for other users: some tests index as one of them.
    with tempfile.TemporaryDirectory(prefix="lookalike-") as folder:
        place = Path(folder).resolve()
        encoder = CountingEncoder()
        store = LocalStore.create(str(place / "c.lookalike"), encoder.identity, "counting")
        (place / "root").mkdir()
        yield Library(store, encoder, place / "root")
        store.close()
