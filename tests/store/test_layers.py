"""More embeddings of the same pictures: filled, searched, switched to and dropped."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lookalike.errors import EncoderMismatchError, QueryError, StoreError
from lookalike.store import Changes, Embedded, ExactStore, Layer, LocalStore, StoredFile
from lookalike.store.local.keep import back_up, check, repair
from lookalike.types import Embeddings, Where
from tests.golden import make_collection_v3 as golden_3
from tests.golden.make_collection_v1 import DIMENSION, SOURCE
from tests.support.records import encoder_identity, put, unit, units

OTHER = 16
SOMEWHERE = os.fsdecode(b"/models/\xff")
WHOLE = np.array([[0, 0, 1, 1]], np.float32)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    """Six pictures in two folders."""
    made = LocalStore.create(str(tmp_path / "c"), encoder_identity(), "the source")
    files = [(f"/{'ab'[n % 2]}/{n}.jpg", n) for n in range(6)]
    with made.write() as writer:
        writer.apply(put(*files))
    yield made
    made.close()


def other(store: LocalStore, *, regions: bool = False) -> Layer:
    return store.layers.add(encoder_identity(OTHER), SOMEWHERE, regions=regions)


def fill(store: LocalStore, layer: Layer, *items: StoredFile) -> dict[int, Embeddings]:
    """Vectors by their picture's id; several for a layer of regions."""
    vectors = {}
    with store.layers.fill(layer) as writer:
        for item in items or store.page(0, 100):
            seeds = range(100 * item.id, 100 * item.id + 5) if layer.regions else [100 * item.id]
            vectors[item.id] = units(*seeds, dimension=layer.encoder.dimension)
            boxes = np.array([[n / 10, 0, 0.5, 0.25] for n in range(len(seeds))], np.float32)
            writer.put([Embedded(item.id, item.file.digest, boxes, vectors[item.id])])
    return vectors


def test_a_new_layer_lacks_everything_and_changes_nothing(store: LocalStore) -> None:
    before, found = store.state(), store.search(units(3), 6)
    layer = other(store)
    assert (layer.number, layer.source, layer.regions, layer.answers) == (
        2,
        SOMEWHERE,
        False,
        False,
    )
    assert [each.answers for each in store.layers.all()] == [True, False]
    assert store.layers.count_lacking(layer) == 6
    assert store.layers.lacking(layer, after=2, limit=3) == store.page(2, 3)
    assert store.layers.vectors(layer, [1, 2]) == {}
    assert len(store.layers.search(layer, units(1, dimension=OTHER), 3).ids) == 0
    assert store.state() == before
    np.testing.assert_array_equal(store.search(units(3), 6).ids, found.ids)


def test_a_filled_layer_is_searched_as_numpy_does(store: LocalStore) -> None:
    layer = other(store)
    vectors = fill(store, layer)
    assert store.layers.count_lacking(layer) == 0
    gallery = np.concatenate(list(vectors.values())).astype(np.float16).astype(np.float32)
    queries = units(7, 8, dimension=OTHER)
    found = store.layers.search(layer, queries, 4)
    best = (queries @ gallery.T).max(axis=0)
    order = np.argsort(-best)[:4]
    assert found.ids.tolist() == [list(vectors)[i] for i in order]
    np.testing.assert_allclose(found.scores, best[order], atol=1e-5)
    assert found.queries.tolist() == (queries @ gallery.T).argmax(axis=0)[order].tolist()
    np.testing.assert_array_equal(found.boxes, np.repeat(WHOLE, 4, axis=0))
    np.testing.assert_array_equal(store.layers.vectors(layer, [3])[3], gallery[2:3])


def test_regions_give_each_picture_once_with_its_best_place(store: LocalStore) -> None:
    layer = store.layers.add(encoder_identity(), "the source", regions=True)
    vectors = fill(store, layer)
    query = vectors[4][3:4]
    found = store.layers.search(layer, query, 6)
    assert sorted(found.ids.tolist()) == [1, 2, 3, 4, 5, 6]
    assert found.ids[0] == 4
    np.testing.assert_allclose(found.boxes[0], [0.3, 0, 0.5, 0.25], atol=1e-6)
    for image_id, score in zip(found.ids.tolist(), found.scores, strict=True):
        rows = vectors[image_id].astype(np.float16).astype(np.float32)
        assert score == pytest.approx(float((rows @ query[0]).max()), abs=1e-5)
    among = store.layers.search(layer, query, 6, where=Where(folder="/a"))
    assert sorted(among.ids.tolist()) == [1, 3, 5]
    assert store.layers.search(layer, query, 6, ids=np.array([2])).ids.tolist() == [2]


def test_what_changes_or_goes_is_lacking_until_it_is_filled_again(store: LocalStore) -> None:
    layer = other(store)
    fill(store, layer)
    with store.write() as writer:
        writer.apply(put(("/a/0.jpg", 50), ("/a/new.jpg", 51)))
        writer.apply(Changes(removed=[2]))
    lacking = store.layers.lacking(layer)
    assert [item.file.path for item in lacking] == ["/a/0.jpg", "/a/new.jpg"]
    assert 2 not in store.layers.search(layer, units(1, dimension=OTHER), 9).ids


def test_a_picture_that_changed_while_it_was_embedded_is_passed_over(store: LocalStore) -> None:
    layer = other(store)
    (item,) = store.page(0, 1)
    with store.layers.fill(layer) as writer:
        writer.put([Embedded(item.id, b"other content...", WHOLE, units(1, dimension=OTHER))])
        writer.put([Embedded(999, item.file.digest, WHOLE, units(1, dimension=OTHER))])
    assert store.layers.count_lacking(layer) == 6


def test_vectors_that_are_none_of_the_encoder_are_refused(store: LocalStore) -> None:
    layer = other(store)
    (item,) = store.page(0, 1)
    with store.layers.fill(layer) as writer:
        for wrong in (units(1), 2 * units(1, dimension=OTHER)):
            with pytest.raises(StoreError):
                writer.put([Embedded(item.id, item.file.digest, WHOLE, wrong)])
    with pytest.raises(QueryError, match="dimension"):
        store.layers.search(layer, units(1), 3)


def test_a_switch_is_seen_by_those_who_open_it_and_told_to_those_who_have(
    store: LocalStore,
) -> None:
    store.set_labels({4: ["kept"]})
    layer = other(store)
    vectors = fill(store, layer)
    earlier = store.search(units(3), 1).ids.tolist()
    assert store.layers.is_current()
    store.layers.switch(layer)
    assert not store.layers.is_current()
    assert store.search(units(3), 1).ids.tolist() == earlier, "it goes on as it was"
    with pytest.raises(EncoderMismatchError, match="open it again"), store.write():
        pass
    now = LocalStore(store.location)
    assert (now.encoder, now.encoder_source) == (encoder_identity(OTHER), SOMEWHERE)
    assert now.search(vectors[5], 1).ids.tolist() == [[5]]
    assert now.labels([4]) == {4: ["kept"]}
    assert now.page(0, 9) == store.page(0, 9)
    np.testing.assert_array_equal(now.vectors([2]), vectors[2].astype(np.float16))
    assert [ids for part, _ in now.scan() for ids in part] == now.page(0, 9)
    with now.write() as writer:
        writer.apply(put(("/a/0.jpg", 70), dimension=OTHER))
    assert now.layers.count_lacking(now.layers.all()[0]) == 1
    assert now.search(units(70, dimension=OTHER), 1).ids.tolist() == [[1]]
    now.close()


def test_a_layer_that_is_dropped_is_gone_and_the_one_that_answers_stays(store: LocalStore) -> None:
    layer = other(store)
    fill(store, layer)
    with pytest.raises(StoreError, match="switch to another"):
        store.layers.drop(store.layers.all()[0])
    store.layers.switch(layer)
    now = LocalStore(store.location)
    now.layers.drop(now.layers.all()[0])
    assert [each.number for each in now.layers.all()] == [2]
    assert now.search(units(100, dimension=OTHER), 1).ids.tolist() == [[1]]
    again = other(now)
    assert again.number == 3, "a number is never given again"
    now.layers.drop(again)
    with pytest.raises(StoreError, match="dropped"), now.layers.fill(again):
        pass
    with pytest.raises(StoreError, match="dropped"):
        now.layers.switch(again)
    assert check(store.location).problems == []
    now.close()


def test_regions_never_answer(store: LocalStore) -> None:
    layer = other(store, regions=True)
    with pytest.raises(StoreError, match="regions"):
        store.layers.switch(layer)


def test_layers_are_backed_up_and_repaired(store: LocalStore, tmp_path: Path) -> None:
    layer, regions = other(store), other(store, regions=True)
    vectors = fill(store, layer)
    places = fill(store, regions)
    store.layers.switch(layer)
    back_up(store.location, str(tmp_path / "backup"))
    repair(store.location, str(tmp_path / "repaired"))
    for name in ("backup", "repaired"):
        copy = LocalStore(str(tmp_path / name))
        assert copy.layers.all() == LocalStore(store.location).layers.all()
        assert copy.search(vectors[3], 1).ids.tolist() == [[3]]
        assert copy.layers.search(regions, places[6][:1], 1).ids.tolist() == [6]
        assert check(copy.location).problems == []
        copy.close()


def test_a_large_layer_has_an_index_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.store.local.cache.EXACT_BYTES", 1000)
    store = LocalStore.create(str(tmp_path / "c"), encoder_identity(), "")
    with store.write() as writer:
        writer.apply(put(*((f"/p/{n}", n) for n in range(300))))
    layer = other(store, regions=True)
    vectors = fill(store, layer)
    assert (tmp_path / "c" / "cache" / "layer-2" / "vectors.json").is_file()
    found = store.layers.search(layer, vectors[17][2:3], 3)
    assert found.ids[0] == 17
    assert store.search(unit(17)[None], 1).ids.tolist() == [[18]]
    store.layers.drop(layer)
    assert not (tmp_path / "c" / "cache" / "layer-2").exists()
    store.close()


def test_a_store_may_keep_none() -> None:
    assert ExactStore(encoder_identity()).layers is None


def test_the_encoder_of_format_3_is_the_layer_that_answers(tmp_path: Path) -> None:
    shutil.copyfile(golden_3.GOLDEN, tmp_path / "collection.sqlite")
    store = LocalStore(str(tmp_path))
    assert (store.encoder, store.encoder_source) == (encoder_identity(DIMENSION), SOURCE)
    assert [(each.number, each.answers) for each in store.layers.all()] == [(1, True)]
    assert store.search(units(1, dimension=DIMENSION), 1).ids.tolist() == [[2]]
    store.close()
