"""Random lives of a collection: the local store has to answer as the oracle does, all along."""

import os
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from lookalike.store import Changes, ExactStore, LocalStore, Store, StoredFile
from lookalike.store.local import cache
from tests.support.records import DIM, encoder_identity, put, skip, unit, units

PATHS = [f"/{folder}/{name}" for folder in ("p", "q") for name in "abcdef"]
paths = st.sampled_from(PATHS)
seeds = st.integers(0, 30)
SPOILT = ("deleted", "truncated", "flipped", "no index", "no record", "foreign")


@dataclass
class Kept:
    """What a store says of itself, without ids, which are each store's own affair."""

    files: dict[str, bytes]
    skipped: list[str]
    vectors: dict[str, bytes] = field(repr=False)


def kept(store: Store) -> Kept:
    files = {}
    vectors = {}
    for part, embeddings in store.scan(5):
        for item, vector in zip(part, embeddings, strict=True):
            files[item.file.path] = item.file.digest
            vectors[item.file.path] = vector.tobytes()
    return Kept(files, [entry.path for entry in store.skipped()], vectors)


def answers(store: Store, seed: int, k: int) -> list[tuple[float, str]]:
    found = store.search(units(seed), k)
    names = {item.id: item.file.path for item in store.get([int(i) for i in found.ids[0]])}
    return [(float(s), names[int(i)]) for i, s in zip(found.ids[0], found.scores[0], strict=True)]


class Congruence(RuleBasedStateMachine):
    """Applies the same to both stores; looks at the search results after every step."""

    def __init__(self) -> None:
        super().__init__()
        # In memory where the system offers it: hundreds of commits wait for a disk otherwise.
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
        self.exact: Store = ExactStore(encoder_identity())
        self.local: Store = LocalStore.create(str(self.folder / "c"), encoder_identity(), "")
        self.given: dict[int, str] = {}

    def both(self, changes: Changes, local: Changes | None = None) -> None:
        for store, change in ((self.exact, changes), (self.local, local or changes)):
            with store.write() as writer:
                writer.apply(change)

    def ids(self, store: Store) -> dict[str, int]:
        return {item.file.path: item.id for item in store.page(0, 1000)}

    def of_paths(self, store: Store, chosen: list[str]) -> list[int]:
        known = self.ids(store)
        return [known[path] for path in chosen if path in known]

    @rule(files=st.lists(st.tuples(paths, seeds), min_size=1, max_size=6))
    def put(self, files: list[tuple[str, int]]) -> None:
        self.both(put(*files))

    @rule(chosen=st.lists(paths, min_size=1, max_size=4, unique=True))
    def remove(self, chosen: list[str]) -> None:
        self.both(
            Changes(removed=self.of_paths(self.exact, chosen)),
            Changes(removed=self.of_paths(self.local, chosen)),
        )

    @rule(names=st.permutations(PATHS), count=st.integers(1, 6))
    def move(self, names: list[str], count: int) -> None:
        def moved(store: Store) -> Changes:
            known = {item.file.path: item for item in store.page(0, 1000)}
            pairs = list(zip(PATHS, names, strict=True))[:count]
            return Changes(
                moved=[
                    StoredFile(known[old].id, replace(known[old].file, path=new, mtime_ns=2))
                    for old, new in pairs
                    if old in known
                ]
            )

        self.both(moved(self.exact), moved(self.local))

    @rule(chosen=paths)
    def skip(self, chosen: str) -> None:
        self.both(Changes(skipped=[skip(chosen)]))

    @rule(chosen=paths)
    def unskip(self, chosen: str) -> None:
        self.both(Changes(unskipped=[chosen]))

    @rule(
        files=st.lists(st.tuples(paths, seeds), max_size=3),
        removed=paths,
        skipped=paths,
    )
    def everything_at_once(self, files: list[tuple[str, int]], removed: str, skipped: str) -> None:
        def mixed(store: Store) -> Changes:
            changes = put(*files)
            changes.removed = self.of_paths(store, [removed])
            changes.skipped = [skip(skipped)]
            return changes

        self.both(mixed(self.exact), mixed(self.local))

    @rule()
    def open_again(self) -> None:
        """What the next process does: the index comes from disk."""
        self.local.close()
        self.local = LocalStore(str(self.folder / "c"))

    @rule(how=st.sampled_from([*SPOILT]))
    def spoil_the_cache(self, how: str) -> None:
        self.local.close()
        place = self.folder / "c" / "cache"
        about, indexes = place / "vectors.json", list(place.glob("vectors-*.ivf"))
        if how == "deleted":
            shutil.rmtree(place, ignore_errors=True)
        elif how == "truncated":
            for index in indexes:
                index.write_bytes(index.read_bytes()[: index.stat().st_size // 2])
        elif how == "flipped":
            for index in indexes:
                data = bytearray(index.read_bytes())
                data[len(data) // 2] ^= 4
                index.write_bytes(data)
        elif how == "no index":
            for index in indexes:
                index.unlink()
        elif how == "no record":
            about.unlink(missing_ok=True)
        elif how == "foreign":
            other = LocalStore.create(str(self.folder / "other"), encoder_identity(), "")
            with other.write() as writer:
                writer.apply(put(*((f"/f/{n}", 50 + n) for n in range(self.local.count() or 1))))
            other.close()
            shutil.rmtree(place, ignore_errors=True)
            if (self.folder / "other" / "cache").exists():
                shutil.copytree(self.folder / "other" / "cache", place)
            shutil.rmtree(self.folder / "other")
        self.local = LocalStore(str(self.folder / "c"))

    @invariant()
    def ids_mean_one_picture_for_ever(self) -> None:
        """An id may move to another path, but one that is gone stays gone."""
        now = set(self.ids(self.local).values())
        gone = {image_id for image_id, state in self.given.items() if state == "gone"}
        assert not gone & now
        self.given.update(dict.fromkeys(self.given.keys() - now, "gone"))
        self.given.update(dict.fromkeys(now, "here"))

    @invariant()
    def same_content(self) -> None:
        assert kept(self.local) == kept(self.exact)
        assert self.local.count() == self.exact.count()

    @invariant()
    def same_answers(self) -> None:
        for seed, k in ((2, 3), (100, 50)):
            exact = answers(self.exact, seed, k)
            local = answers(self.local, seed, k)
            np.testing.assert_allclose([s for s, _ in local], [s for s, _ in exact], atol=1e-3)
            # Away from ties, and from the last place, the same picture stands at each rank.
            scores = [score for score, _ in exact]
            for rank, (score, path) in enumerate(exact):
                if sum(abs(score - other) < 2e-3 for other in scores) == 1 and rank < k - 1:
                    assert local[rank][1] == path

    def teardown(self) -> None:
        self.local.close()
        shutil.rmtree(self.folder)


@pytest.mark.parametrize(("exact_up_to", "lives"), [(1000, 12), (3, 8)])
def test_the_local_store_lives_as_the_oracle_does(
    exact_up_to: int, lives: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once without and once with an index, which is made as soon as there are four vectors."""
    monkeypatch.setattr(cache, "EXACT_BYTES", 2 * DIM * exact_up_to)
    monkeypatch.setattr(cache, "_REST_BYTES", 2 * DIM * exact_up_to)
    run_state_machine_as_test(
        Congruence,
        settings=settings(
            max_examples=lives,
            stateful_step_count=15,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_unit_vectors_of_the_machine_are_distinct() -> None:
    scores = np.stack([unit(seed) for seed in range(31)])
    off = scores @ scores.T - np.eye(31)
    assert off.max() < 0.95
