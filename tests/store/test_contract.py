"""What every store keeps: one suite over all of them, exact NumPy as the oracle."""

import os
from dataclasses import replace

import numpy as np
import pytest

from lookalike.errors import CollectionBusyError, QueryError, StoreError
from lookalike.store import Changes, FileState, Store, StoredFile
from lookalike.types import Rules, Where
from tests.support.records import DIM, encoder_identity, put, record, skip, unit, units


def apply(store: Store, *changes: Changes) -> None:
    with store.write() as writer:
        for change in changes:
            writer.apply(change)


def content(store: Store) -> dict[str, bytes]:
    """Digest by path, read through `scan`."""
    return {item.file.path: item.file.digest for part, _ in store.scan(3) for item in part}


def by_path(store: Store) -> dict[str, StoredFile]:
    return {item.file.path: item for item in store.page(0, 1000)}


def found_paths(store: Store, seed: int, k: int) -> list[str]:
    ids = store.search(units(seed), k).ids[0]
    return [item.file.path for item in store.get([int(i) for i in ids])]


def test_an_empty_store(store: Store) -> None:
    assert store.count() == 0
    assert store.roots() == {}
    assert store.skipped() == []
    assert store.page(0, 10) == []
    assert list(store.scan()) == []
    assert store.get([1, 2]) == []
    assert store.vectors([]).shape == (0, DIM)
    found = store.search(units(1, 2), 5)
    assert found.ids.shape == found.scores.shape == (2, 0)
    assert store.encoder == encoder_identity()
    assert store.encoder_source == "the source"


def test_what_is_put_comes_back(store: Store) -> None:
    apply(store, put(("/p/b.jpg", 1), ("/p/a.jpg", 2), ("/q/a.jpg", 3)))
    assert store.count() == 3
    files = [item.file for item in store.page(0, 10)]
    assert files == [record("/p/b.jpg", 1), record("/p/a.jpg", 2), record("/q/a.jpg", 3)]
    ids = [item.id for item in store.page(0, 10)]
    assert ids == sorted(set(ids))
    assert store.get([ids[2], 999, ids[0], ids[0]]) == [
        StoredFile(ids[2], files[2]),
        StoredFile(ids[0], files[0]),
        StoredFile(ids[0], files[0]),
    ]
    assert store.size_bytes() > 0


def test_vectors_are_kept_as_float16(store: Store) -> None:
    apply(store, put(("/p/a", 1), ("/p/b", 2)))
    a, b = (item.id for item in store.page(0, 10))
    kept = store.vectors([b, a, b])
    assert kept.dtype == np.float32
    np.testing.assert_array_equal(kept, units(2, 1, 2).astype(np.float16).astype(np.float32))


def test_vectors_of_an_unknown_id_are_refused(store: Store) -> None:
    apply(store, put(("/p/a", 1)))
    with pytest.raises(StoreError, match="not in the collection"):
        store.vectors([store.page(0, 1)[0].id, 999])


def test_a_picture_put_again_keeps_its_id_and_changes_its_vector(store: Store) -> None:
    apply(store, put(("/p/a", 1), ("/p/b", 2)))
    before = by_path(store)["/p/a"].id
    assert found_paths(store, 1, 1) == ["/p/a"]
    apply(store, put(("/p/a", 3)))
    assert store.count() == 2
    assert by_path(store)["/p/a"] == StoredFile(before, record("/p/a", 3))
    np.testing.assert_allclose(store.vectors([before])[0], unit(3), atol=1e-3)
    assert found_paths(store, 3, 1) == ["/p/a"]
    assert store.search(units(3), 1).scores[0, 0] > 0.999
    assert store.search(units(1), 1).scores[0, 0] < 0.99


def test_removed_pictures_are_gone_and_their_ids_never_come_again(store: Store) -> None:
    apply(store, put(("/p/a", 1), ("/p/b", 2)))
    highest = max(item.id for item in store.page(0, 10))
    apply(store, Changes(removed=[highest, 12345]))
    assert store.count() == 1
    assert found_paths(store, 2, 5) == ["/p/a"]
    apply(store, put(("/p/b", 2)))
    assert by_path(store)["/p/b"].id > highest
    assert found_paths(store, 2, 1) == ["/p/b"]


def test_a_moved_picture_keeps_its_id_and_vector(store: Store) -> None:
    apply(store, put(("/p/a", 1), ("/p/b", 2)))
    a = by_path(store)["/p/a"].id
    moved = record("/new/place", 1, mtime_ns=5)
    apply(store, Changes(moved=[StoredFile(a, moved)]))
    assert by_path(store)["/new/place"] == StoredFile(a, moved)
    assert "/p/a" not in by_path(store)
    assert store.states("/new") == {"place": FileState(a, 100, 5, "")}
    assert store.states("/p").keys() == {"b"}
    assert found_paths(store, 1, 1) == ["/new/place"]


def test_a_picture_moved_onto_another_replaces_it(store: Store) -> None:
    apply(store, put(("/p/a", 1), ("/p/b", 2)))
    a, b = (by_path(store)[path].id for path in ("/p/a", "/p/b"))
    apply(store, Changes(moved=[StoredFile(a, record("/p/b", 1))]))
    assert by_path(store) == {"/p/b": StoredFile(a, record("/p/b", 1))}
    assert store.get([b]) == []
    assert found_paths(store, 2, 5) == ["/p/b"]


def test_pictures_may_swap_and_rotate_names(store: Store) -> None:
    apply(store, put(("/p/a", 1), ("/p/b", 2), ("/q/c", 3)))
    ids = {path: item.id for path, item in by_path(store).items()}
    names = {"/p/a": "/p/b", "/p/b": "/q/c", "/q/c": "/p/a"}
    apply(
        store,
        Changes(
            moved=[
                StoredFile(ids[old], record(new, seed))
                for seed, (old, new) in enumerate(names.items(), start=1)
            ]
        ),
    )
    assert {new: ids[old] for old, new in names.items()} == {
        path: item.id for path, item in by_path(store).items()
    }
    assert [found_paths(store, seed, 1) for seed in (1, 2, 3)] == [["/p/b"], ["/q/c"], ["/p/a"]]


def test_a_moved_picture_leaves_its_path_to_a_new_one_in_the_same_transaction(store: Store) -> None:
    apply(store, put(("/p/a", 1)))
    a = by_path(store)["/p/a"].id
    both = put(("/p/a", 2))
    both.moved = [StoredFile(a, record("/p/b", 1))]
    apply(store, both)
    now = by_path(store)
    assert now["/p/b"] == StoredFile(a, record("/p/b", 1))
    assert now["/p/a"].id != a
    assert found_paths(store, 2, 1) == ["/p/a"]


def test_a_skipped_file_takes_the_place_of_a_picture_and_back(store: Store) -> None:
    apply(store, put(("/p/a", 1), ("/p/b", 2)))
    apply(store, Changes(skipped=[skip("/p/a"), skip("/o/z")]))
    assert store.count() == 1
    assert store.skipped() == [skip("/o/z"), skip("/p/a")]
    assert store.states("/p")["a"] == FileState(None, 10, 20, "reader 1")
    assert found_paths(store, 1, 5) == ["/p/b"]
    apply(store, Changes(skipped=[replace(skip("/p/a"), reason="another reason")]))
    assert [s.reason for s in store.skipped()] == ["it is damaged", "another reason"]
    apply(store, put(("/p/a", 3)))
    assert store.skipped() == [skip("/o/z")]
    assert store.count() == 2
    apply(store, Changes(unskipped=["/o/z", "/never/there"]))
    assert store.skipped() == []


def test_a_picture_moved_onto_a_skipped_file_takes_its_place(store: Store) -> None:
    apply(store, put(("/p/a", 1)), Changes(skipped=[skip("/p/b")]))
    a = by_path(store)["/p/a"].id
    apply(store, Changes(moved=[StoredFile(a, record("/p/b", 1))]))
    assert store.skipped() == []
    assert by_path(store).keys() == {"/p/b"}


def test_keywords_of_files_become_labels(store: Store) -> None:
    with_words = replace(record("/p/a.jpg", 1), keywords=("Sea", "dog"))
    apply(store, Changes(put=[with_words], vectors=[unit(1)]))
    [item] = store.page(0, 9)
    assert item.file == with_words
    assert store.labels([item.id]) == {item.id: ["Sea", "dog"]}

    # What people do to labels stays as long as the file says the same.
    store.set_labels({item.id: ["dog", "mine"]})
    touched = replace(with_words, mtime_ns=5)
    apply(store, Changes(moved=[StoredFile(item.id, touched)]))
    assert store.labels([item.id]) == {item.id: ["dog", "mine"]}
    apply(store, Changes(put=[touched], vectors=[unit(2)]))
    assert store.labels([item.id]) == {item.id: ["dog", "mine"]}

    # What is new in the file comes, and what is no more in it goes; case does not matter.
    other = replace(touched, keywords=("SEA", "Boat", "Mine"))
    apply(store, Changes(moved=[StoredFile(item.id, other)]))
    assert store.labels([item.id]) == {item.id: ["Boat", "mine"]}
    apply(store, Changes(put=[replace(other, keywords=())], vectors=[unit(2)]))
    assert store.labels([item.id]) == {}
    assert store.get([item.id])[0].file.keywords == ()


def test_folders_and_roots(store: Store) -> None:
    apply(
        store,
        Changes(
            folders={"/p": 1, "/p/q": 2, "/pq": 3}, roots={"/p": Rules(), "/b": Rules(hidden=True)}
        ),
        Changes(folders={"/p": 7}, roots={"/p": Rules(exclude=("a", "b"))}),
    )
    assert list(store.roots().items()) == [
        ("/b", Rules(hidden=True)),
        ("/p", Rules(exclude=("a", "b"))),
    ]
    assert store.folders("/p") == {"/p": 7, "/p/q": 2}
    assert store.folders("/") == {"/p": 7, "/p/q": 2, "/pq": 3}
    assert store.folders("/nowhere") == {}


def test_a_folder_is_known_as_soon_as_it_holds_something(store: Store) -> None:
    apply(
        store,
        Changes(
            put=[record("/p/a", 1)],
            vectors=[unit(1)],
            skipped=[skip("/s/b")],
        ),
    )
    assert store.folders("/") == {"/p": -1, "/s": -1}
    apply(store, Changes(folders={"/p": 4}))
    apply(store, put(("/p/c", 2)), Changes(skipped=[skip("/p/d")]))
    assert store.folders("/p") == {"/p": 1}


def test_a_folder_may_end_in_a_backslash(store: Store) -> None:
    apply(store, Changes(folders={"/odd\\": 1, "/odd\\/below": 2, "/odd": 3}))
    assert store.folders("/odd\\") == {"/odd\\": 1, "/odd\\/below": 2}


def test_states_are_of_one_folder_only(store: Store) -> None:
    apply(store, put(("/p/a", 1), ("/p/q/a", 2), ("/a", 3)), Changes(skipped=[skip("/p/s")]))
    ids = {path: item.id for path, item in by_path(store).items()}
    assert store.states("/p") == {
        "a": FileState(ids["/p/a"], 100, 10**18, ""),
        "s": FileState(None, 10, 20, "reader 1"),
    }
    assert store.states("/") == {"a": FileState(ids["/a"], 100, 10**18, "")}
    assert store.states("/unknown") == {}


def test_a_scan_of_what_fits(store: Store) -> None:
    apply(store, put(*((f"/{'pq'[n % 2]}/{n}.jpg", n) for n in range(9))))
    found = [item for part, _ in store.scan(2, Where(folder="/q")) for item in part]
    assert found == store.page(0, 99, Where(folder="/q"))
    assert len(found) == 4


def test_pages_and_scans_go_by_rising_id(store: Store) -> None:
    apply(store, put(*((f"/p/{n}", n) for n in range(11))))
    everything = store.page(0, 100)
    assert [item.file.path for item in everything] == [f"/p/{n}" for n in range(11)]
    assert store.page(4, 3) == everything[4:7]
    assert store.page(10, 5) == everything[10:]
    assert store.page(11, 5) == []
    parts = list(store.scan(4))
    assert [len(part) for part, _ in parts] == [4, 4, 3]
    assert [item for part, _ in parts for item in part] == everything
    np.testing.assert_array_equal(
        np.concatenate([vectors for _, vectors in parts]),
        store.vectors([item.id for item in everything]),
    )


def test_pictures_of_the_same_content_are_found_by_digest(store: Store) -> None:
    apply(store, put(("/p/a", 1), ("/p/b", 2), ("/p/c", 1)))
    twins = store.by_digest(record("", 1).digest)
    assert [item.file.path for item in twins] == ["/p/a", "/p/c"]
    assert store.by_digest(b"\0" * 16) == []


@pytest.mark.parametrize(
    "name", ["line\nbreak.jpg", "tab\t'quote\".jpg", os.fsdecode(b"\xff\xfe.jpg"), "雪🦊.jpg", " "]
)
def test_every_name_that_a_disk_can_hold(store: Store, name: str) -> None:
    path = f"/folder {name}/{name}"
    apply(
        store,
        put((path, 1)),
        Changes(skipped=[skip(path + "s")], roots={f"/folder {name}": Rules()}),
    )
    assert by_path(store).keys() == {path}
    assert store.states(f"/folder {name}").keys() == {name, name + "s"}
    assert store.folders(f"/folder {name}") == {f"/folder {name}": 1}
    assert store.skipped() == [skip(path + "s")]
    assert list(store.roots()) == [f"/folder {name}"]


@pytest.mark.parametrize("k", [1, 7, 40, 1000])
def test_search_agrees_with_numpy(store: Store, k: int) -> None:
    apply(store, put(*((f"/p/{n:02d}", n) for n in range(40))))
    queries = units(3, 100, 101)
    gallery = units(*range(40)).astype(np.float16).astype(np.float32)
    scores = queries @ gallery.T
    found = store.search(queries, k)
    n = min(k, 40)
    assert found.ids.shape == found.scores.shape == (3, n)
    assert found.ids.dtype == np.int64
    assert found.scores.dtype == np.float32
    np.testing.assert_allclose(found.scores, -np.sort(-scores, axis=1)[:, :n], atol=1e-3)
    ids = [item.id for item in store.page(0, 100)]
    expected = np.array(ids)[np.argsort(-scores, axis=1)[:, :n]]
    np.testing.assert_array_equal(found.ids, expected)


@pytest.mark.parametrize("k", [0, -1])
def test_a_k_below_one_is_refused(store: Store, k: int) -> None:
    apply(store, put(("/p/a", 1)))
    with pytest.raises(QueryError, match="at least 1"):
        store.search(units(1), k)


@pytest.mark.parametrize("shape", [(1, DIM + 1), (DIM,), (1, 1, DIM)])
def test_a_query_of_another_shape_is_refused(store: Store, shape: tuple[int, ...]) -> None:
    with pytest.raises(QueryError, match="dimension"):
        store.search(np.zeros(shape, np.float32), 1)


def test_a_query_that_is_not_a_number_is_refused(store: Store) -> None:
    apply(store, put(("/p/a", 1)))
    with pytest.raises(QueryError, match="finite"):
        store.search(np.full((1, DIM), np.nan, np.float32), 1)


def _bad_changes() -> dict[str, Changes]:
    good = put(("/p/new", 5))
    return {
        "too few vectors": replace(good, vectors=[]),
        "wrong dimension": replace(good, vectors=[unit(5, DIM + 1)]),
        "not normalised": replace(good, vectors=[unit(5) * 2]),
        "not a number": replace(good, vectors=[unit(5) * np.float32("nan")]),
        "zero": replace(good, vectors=[unit(5) * 0]),
        "unknown moved": replace(good, moved=[StoredFile(999, record("/p/m", 1))]),
        "moved and removed": replace(good, removed=[1], moved=[StoredFile(1, record("/p/m", 1))]),
        "moved twice": replace(
            good, moved=[StoredFile(1, record("/p/m", 1)), StoredFile(1, record("/p/n", 1))]
        ),
    }


@pytest.mark.parametrize("why", _bad_changes())
def test_changes_that_are_refused_change_nothing(store: Store, why: str) -> None:
    apply(store, put(("/p/a", 1), ("/p/b", 2)), Changes(skipped=[skip("/p/s")]))
    before = (store.page(0, 10), store.skipped(), store.folders("/"), store.roots())
    bad = replace(
        _bad_changes()[why],
        skipped=[skip("/p/b")],
        unskipped=["/p/s"],
        folders={"/other": 1},
        roots={"/other": Rules()},
    )
    with store.write() as writer:
        with pytest.raises(StoreError):
            writer.apply(bad)
        assert (store.page(0, 10), store.skipped(), store.folders("/"), store.roots()) == before
        assert found_paths(store, 2, 1) == ["/p/b"]
        writer.apply(put(("/p/c", 3)))
    assert content(store).keys() == {"/p/a", "/p/b", "/p/c"}


def test_there_is_one_writer(store: Store) -> None:
    with store.write(), pytest.raises(CollectionBusyError), store.write():
        pass
    apply(store, put(("/p/a", 1)))
    assert store.count() == 1


def test_a_writer_that_fails_leaves_the_store_to_the_next(store: Store) -> None:
    def fail() -> None:
        with store.write() as writer:
            writer.apply(put(("/p/a", 1)))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    apply(store, put(("/p/b", 2)))
    assert content(store).keys() == {"/p/a", "/p/b"}


def test_changes_are_seen_as_soon_as_they_are_applied(store: Store) -> None:
    with store.write() as writer:
        writer.apply(put(("/p/a", 1)))
        assert store.count() == 1
        assert found_paths(store, 1, 5) == ["/p/a"]
        writer.apply(put(("/p/b", 2)))
        assert found_paths(store, 2, 5) == ["/p/b", "/p/a"]


def test_changes_count_what_they_hold() -> None:
    assert len(Changes()) == 0
    assert (
        len(replace(put(("/p/a", 1)), removed=[1, 2], unskipped=["x"], roots={"y": Rules()})) == 6
    )
