"""Copies between stores: everything goes along, once, whatever happened before."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lookalike.errors import CollectionBusyError, EncoderMismatchError, StoreError
from lookalike.store import Changes, Copied, ExactStore, LocalStore, Store, copy, copy_store
from lookalike.types import Rules
from tests.support.records import encoder_identity, put, record, skip, unit

PICTURES = 40

Make = Callable[[], Store]


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy, "_BATCH", 7)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes local stores."""
    numbers = iter(range(10))
    return lambda: LocalStore.create(
        str(tmp_path / f"made{next(numbers)}"), encoder_identity(), "somewhere"
    )


def fill(store: Store) -> None:
    """All that a store can hold; ids with gaps, and pictures that are not in order of folders."""
    with store.write() as writer:
        writer.apply(put(*((f"/p/{n % 3}/{n}", n) for n in range(PICTURES + 5))))
        writer.apply(Changes(removed=[2, 7, 8, 20, 41]))
        film = replace(record("/p/film", 90), format="MP4")
        writer.apply(
            Changes(
                put=[replace(film, frame=ms) for ms in (0, 500, 9000)]
                + [
                    replace(record("/p/0/kept", 91), keywords=("Sea", "Beach")),
                    replace(record("/p/0/taken off", 92), keywords=("Sea", "Sky")),
                    replace(record("/p/\udcff", 93), taken=5, camera="A camera", details=3),
                ],
                vectors=[unit(n) for n in range(90, 96)],
                skipped=[skip(f"/p/bad{n}", f"reason {n}") for n in range(9)],
                folders={f"/p/{n}": n + 10 for n in range(20)},
                roots={"/p": Rules(exclude=("*.tmp",)), "/q": Rules(hidden=True)},
            )
        )
    ids = {each.file.path: each.id for each in store.page(0, 1000)}
    store.set_labels(
        {
            ids["/p/0/taken off"]: ["sky", "mine"],
            ids["/p/0/3"]: ["mine"],
            ids["/p/1/31"]: ["Örtlich", "b"],
        }
    )


def contents(store: Store) -> dict[str, object]:
    """Everything but the ids, in order."""
    pictures, vectors = [], []
    for files, rows in store.scan(13):
        labels = store.labels([each.id for each in files])
        pictures += [
            (each.file, [name.casefold() for name in labels.get(each.id, [])]) for each in files
        ]
        vectors += rows.tolist()
    return {
        "pictures": pictures,
        "vectors": vectors,
        "skipped": store.skipped(),
        "roots": store.roots(),
        "folders": {root: store.folders(root) for root in store.roots()},
    }


def is_copy(source: Store, target: Store, done: Copied) -> None:
    assert contents(target) == contents(source)
    count = source.count()
    assert (done.images, done.skipped, done.roots, done.lacking) == (count, 9, 2, 0)


def test_everything_goes_along_once_between_all_kinds(store: Store, make: Make) -> None:
    fill(store)
    there, back = make(), ExactStore(encoder_identity())
    calls: list[tuple[int, int]] = []
    done = copy_store(store, there, lambda *now: calls.append(now))
    is_copy(store, there, done)
    assert done.copied == done.images == store.count()
    assert done.labelled == 3
    assert calls[-1] == (done.images, done.images)
    state = there.state()
    again = copy_store(store, there)
    is_copy(store, there, again)
    assert (again.copied, again.labelled, there.state()) == (0, 0, state)
    is_copy(store, back, copy_store(there, back))
    query = np.stack([unit(3)])
    nearest = [each.search(query, 5).scores for each in (store, there, back)]
    np.testing.assert_allclose(nearest[1], nearest[0], atol=1e-6)
    np.testing.assert_allclose(nearest[2], nearest[0], atol=1e-6)


@pytest.mark.parametrize("calls", [1, 6])
def test_an_interrupted_copy_goes_on_though_the_source_has_changed(
    store: Store, make: Make, calls: int
) -> None:
    fill(store)
    target = make()
    left = iter(range(calls))

    def stop(_done: int, _total: int) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_store(store, target, stop)
    assert 0 < target.count() <= store.count()
    assert target.roots() == {}
    first = store.page(0, 3)
    with store.write() as writer:
        writer.apply(
            Changes(
                put=[record(first[0].file.path, 200), record("/p/new", 201)],
                vectors=[unit(200), unit(201)],
                unskipped=["/p/bad1"],
                skipped=[skip("/p/bad new")],
            )
        )
    store.set_labels({first[1].id: ["late"]})
    is_copy(store, target, copy_store(store, target))


def test_other_pictures_are_never_mixed_in(store: Store, make: Make) -> None:
    fill(store)
    target = make()
    with target.write() as writer:
        writer.apply(put(("/p/0/0", 0), ("/elsewhere/1", 1)))
    before = contents(target)
    with pytest.raises(StoreError, match="/elsewhere/1"):
        copy_store(store, target)
    assert contents(target) == before


def test_embeddings_of_another_encoder_are_refused(store: Store) -> None:
    other = replace(encoder_identity(), sha256="b" * 64)
    with pytest.raises(EncoderMismatchError, match="no collection"):
        copy_store(store, ExactStore(other))


def test_nobody_writes_meanwhile(store: Store, make: Make) -> None:
    fill(store)
    target = make()
    refused: list[Store] = []

    def try_to_write(_done: int, _total: int) -> None:
        for each in (store, target):
            with pytest.raises(CollectionBusyError), each.write():
                pass
            refused.append(each)

    copy_store(store, target, try_to_write)
    assert set(refused) == {store, target}
    with store.write(), pytest.raises(CollectionBusyError):
        copy_store(store, make())


def test_an_embedding_that_reads_back_otherwise_is_told(make: Make) -> None:
    source, target = make(), make()
    fill(source)
    copy_store(source, target)
    with target.write() as writer:  # the same record with another embedding
        writer.apply(Changes(put=[target.page(0, 1)[0].file], vectors=[unit(999)]))
    with pytest.raises(StoreError, match="is another one"):
        copy_store(source, target)


def test_an_empty_collection_is_copied_too(store: Store, make: Make) -> None:
    assert copy_store(store, make()).images == 0
