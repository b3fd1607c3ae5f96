"""Groups of identical, near-identical and similar pictures, of real files."""

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from lookalike.indexer import index
from lookalike.search import Gists, Looks, Searcher, duplicates, find_duplicates
from lookalike.store import ExactStore, Store
from lookalike.types import DuplicateGroup, Example, Query, Where
from tests.support.changes import compressed, cropped, resized
from tests.support.encoder import CountingEncoder
from tests.support.pictures import draw

Names = list[tuple[str, list[str]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten pictures of their own; 0 also as copies, 1 and 2 also changed."""
    for seed in range(10):
        draw(seed, 240, 180).save(tmp_path / f"{seed}.png")
    (tmp_path / "sub").mkdir()
    shutil.copy(tmp_path / "0.png", tmp_path / "sub" / "copy of 0.png")
    shutil.copy(tmp_path / "1.png", tmp_path / "sub" / "copy of 1.png")
    compressed(30)(draw(1, 240, 180)).save(tmp_path / "1 compressed.jpg", quality=30)
    resized(0.5)(draw(1, 240, 180)).save(tmp_path / "1 small.png")
    cropped(0.9)(draw(2, 240, 180)).save(tmp_path / "2 cropped.png")
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Store:
    encoder = CountingEncoder()
    store = ExactStore(encoder.identity)
    index(store, encoder, [str(folder)])
    return store


def names(groups: list[DuplicateGroup]) -> Names:
    return [
        (group.kind, [os.path.basename(image.path) for image in group.images]) for group in groups
    ]


def test_each_kind_is_kept_apart(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "SIMILAR", 2.0)
    found = names(find_duplicates(store, Looks()))
    assert found[:2] == [
        ("identical", ["0.png", "copy of 0.png"]),
        ("identical", ["1.png", "copy of 1.png"]),
    ]
    assert [(kind, files[0], set(files[1:])) for kind, files in found[2:]] == [
        ("near", "1.png", {"1 compressed.jpg", "1 small.png"}),
        ("near", "2.png", {"2 cropped.png"}),
    ]


def test_the_best_copy_comes_first_with_scores_to_it(store: Store) -> None:
    for group in find_duplicates(store, Looks()):
        best, *others = group.images
        assert best.score == 1
        assert all(best.width * best.height >= o.width * o.height for o in others)
        assert [o.score for o in others] == sorted((o.score for o in others), reverse=True)


def test_of_equal_copies_the_oldest_and_then_the_shortest_path_is_best(
    store: Store, folder: Path
) -> None:
    assert names(find_duplicates(store, Looks()))[0][1] == ["0.png", "copy of 0.png"]
    os.utime(folder / "sub" / "copy of 0.png", (10**9, 10**9))
    os.utime(folder / "0.png", (10**9 + 5, 10**9 + 5))
    index(store, CountingEncoder(), [str(folder)])
    assert ("identical", ["copy of 0.png", "0.png"]) in names(find_duplicates(store, Looks()))


def test_pictures_that_only_look_alike_are_similar(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "shows", lambda *_: False)
    monkeypatch.setattr(duplicates, "is_tilted", lambda *_: False)
    found = [group for group in find_duplicates(store, Looks()) if group.kind != "identical"]
    assert found
    assert {group.kind for group in found} == {"similar"}
    members = [image.id for group in found for image in group.images]
    assert len(members) == len(set(members)), "a picture is in one group"
    assert all(i.score >= duplicates.SIMILAR - 1e-3 for group in found for i in group.images)


def test_only_among_what_fits(store: Store, folder: Path) -> None:
    found = names(find_duplicates(store, Looks(), Where(folder=str(folder / "sub"))))
    assert [group for group in found if group[0] == "identical"] == []
    png = names(find_duplicates(store, Looks(), Where(format=("PNG",))))
    assert ("identical", ["0.png", "copy of 0.png"]) in png
    assert not any("1 compressed.jpg" in files for _, files in png)


def test_a_file_that_is_gone_is_not_looked_at(store: Store, folder: Path) -> None:
    (folder / "1 small.png").unlink()
    near = [group for group in names(find_duplicates(store, Looks())) if group[0] == "near"]
    assert all("1 small.png" not in files for _, files in near)
    assert any("1 compressed.jpg" in files for _, files in near)


def test_an_empty_collection_has_none() -> None:
    assert find_duplicates(ExactStore(CountingEncoder().identity), Looks()) == []


def test_progress_reaches_the_end(store: Store) -> None:
    told: list[tuple[int, int]] = []
    find_duplicates(store, Looks(), on_progress=lambda done, total: told.append((done, total)))
    assert told
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]


def test_hits_that_are_one_picture_are_folded(store: Store, folder: Path) -> None:
    encoder = CountingEncoder()
    searcher = Searcher(store, lambda: encoder, Looks())
    query = Query(positives=(Example(folder / "1.png"),))
    plain = searcher.search(query, 20)
    grouped = searcher.search(Query(positives=query.positives, group=True), 20)
    assert len(plain) == 15
    assert all(hit.duplicates is None for hit in plain)
    first = grouped[0]
    assert first.id == plain[0].id
    folded = {os.path.basename(hit.path) for hit in plain if hit.id in (first.duplicates or ())}
    assert folded | {os.path.basename(first.path)} == {
        "1.png",
        "copy of 1.png",
        "1 compressed.jpg",
        "1 small.png",
    }
    everything = [i for hit in grouped for i in (hit.id, *(hit.duplicates or ()))]
    assert sorted(everything) == sorted(hit.id for hit in plain)


def test_a_copy_that_was_turned_is_found(folder: Path, tmp_path: Path) -> None:
    turned = draw(3, 240, 180).transpose(Image.Transpose.ROTATE_90)
    turned.save(folder / "3 turned.jpg", quality=80)
    encoder = CountingEncoder()
    store = ExactStore(encoder.identity)
    index(store, encoder, [str(folder)])
    gists = Gists(str(tmp_path / "gists.npz"))
    found = names(find_duplicates(store, Looks(), gists=gists))
    assert ("near", ["3.png", "3 turned.jpg"]) in found
    assert ("near", ["3.png", "3 turned.jpg"]) not in names(find_duplicates(store, Looks()))
