"""What a second run does: unchanged, touched, changed, moved, copied, swapped, deleted."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from lookalike import source
from lookalike.errors import SourceError, StoreError
from lookalike.indexer import prepare
from lookalike.types import Embeddings, IndexProgress, IndexSummary, Rules
from tests.indexer.conftest import Library
from tests.support.pictures import encoded, write_gallery, write_picture


def counts(summary: IndexSummary) -> tuple[int, int, int, int]:
    return summary.added, summary.updated, summary.unchanged, summary.removed


def read_nothing(patch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> bytes:
        raise AssertionError("a file was read")

    patch.setattr(prepare, "read_media", refuse)


@pytest.fixture
def gallery(library: Library) -> list[Path]:
    """Seven pictures, indexed."""
    paths = write_gallery(library.root, 7)
    assert counts(library.index()) == (7, 0, 0, 0)
    assert library.encoder.seen == 7
    return paths


def test_new_pictures_are_added_with_what_is_known_of_them(
    library: Library, gallery: list[Path]
) -> None:
    files = {item.file.path: item.file for item in library.store.page(0, 100)}
    assert files.keys() == {str(path) for path in gallery}
    for path in gallery:
        file, status = files[str(path)], path.stat()
        assert (file.size, file.mtime_ns) == (status.st_size, status.st_mtime_ns)
        assert (file.width, file.height) == (72, 64)
        assert file.format == ("JPEG" if path.suffix == ".jpg" else "PNG")
    assert list(library.store.roots()) == [str(library.root)]


def test_every_picture_is_its_own_nearest(library: Library, gallery: list[Path]) -> None:
    for path in gallery:
        found, score = library.nearest(path)
        assert found == str(path)
        assert score > 0.999


def test_an_unchanged_file_is_neither_read_nor_encoded(
    library: Library, gallery: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_nothing(monkeypatch)
    before = library.ids()
    assert counts(library.index()) == (0, 0, 7, 0)
    assert library.encoder.seen == 0
    assert library.ids() == before


def test_a_touched_file_is_read_once_and_not_encoded(
    library: Library, gallery: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = library.ids()
    os.utime(gallery[0], ns=(5, 5))
    assert counts(library.index()) == (0, 0, 7, 0)
    assert library.encoder.seen == 0
    assert library.ids() == before
    read_nothing(monkeypatch)
    assert counts(library.index()) == (0, 0, 7, 0)


def test_changed_content_is_encoded_and_keeps_its_id(library: Library, gallery: list[Path]) -> None:
    before = library.ids()
    write_picture(gallery[0], 100)
    assert counts(library.index()) == (0, 1, 6, 0)
    assert library.encoder.seen == 1
    assert library.ids() == before
    write_picture(library.root / "same.jpg", 100)
    library.index()
    assert library.nearest(gallery[0])[1] > 0.999


def test_changed_content_of_the_same_size_is_seen_by_its_time_stamp(library: Library) -> None:
    path = library.root / "a.bmp"
    write_picture(path, 1, "BMP")
    os.utime(path, ns=(1, 1))
    library.index()
    write_picture(path, 2, "BMP")
    assert counts(library.index()) == (0, 1, 0, 0)


def test_a_renamed_file_keeps_its_id_and_is_not_encoded(
    library: Library, gallery: list[Path]
) -> None:
    before = library.ids()
    new = gallery[0].with_name("renamed.jpg")
    gallery[0].rename(new)
    assert counts(library.index()) == (0, 1, 6, 0)
    assert library.encoder.seen == 0
    assert library.ids()[str(new)] == before[str(gallery[0])]
    assert library.store.count() == 7


def test_a_moved_folder_keeps_its_ids(library: Library, gallery: list[Path]) -> None:
    before = library.ids()
    (library.root / "one").rename(library.root / "elsewhere")
    summary = library.index()
    assert library.encoder.seen == 0
    assert (summary.added, summary.removed) == (0, 0)
    moved = {path.replace("/one/", "/elsewhere/"): i for path, i in before.items()}
    assert library.ids() == moved


def test_a_file_moved_to_another_root_keeps_its_id(
    library: Library, gallery: list[Path], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    before = library.ids()[str(gallery[0])]
    gallery[0].rename(other / "x.jpg")
    assert counts(library.index(other)) == (0, 1, 0, 0)
    assert library.ids()[str(other / "x.jpg")] == before
    assert counts(library.index()) == (0, 0, 6, 0)


def test_a_file_moved_onto_another_takes_its_place(library: Library, gallery: list[Path]) -> None:
    before = library.ids()
    gallery[0].replace(gallery[2])
    summary = library.index()
    assert library.encoder.seen == 0
    assert (summary.added, summary.updated) == (0, 1)
    assert library.ids()[str(gallery[2])] == before[str(gallery[0])]
    assert library.store.count() == 6


def test_a_copy_is_not_encoded(library: Library, gallery: list[Path]) -> None:
    before = library.ids()
    copy = library.root / "copy.jpg"
    shutil.copyfile(gallery[0], copy)
    assert counts(library.index()) == (1, 0, 7, 0)
    assert library.encoder.seen == 0
    after = library.ids()
    assert after.pop(str(copy)) not in before.values()
    assert after == before


def test_one_move_of_several_copies(library: Library, gallery: list[Path]) -> None:
    for name in ("x.jpg", "y.jpg"):
        shutil.copyfile(gallery[0], library.root / name)
    library.index()
    before = library.ids()
    for name in ("x", "y"):
        (library.root / f"{name}.jpg").rename(library.root / f"{name}-new.jpg")
    assert counts(library.index()) == (0, 2, 6, 0) or library.store.count() == 9
    after = library.ids()
    assert set(after.values()) == set(before.values())
    assert library.encoder.seen == 0


def test_the_same_content_twice_in_one_run(library: Library) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        write_picture(library.root / name, 1)
    assert counts(library.index()) == (3, 0, 0, 0)
    assert library.store.count() == 3
    assert counts(library.index()) == (0, 0, 3, 0)


def test_two_files_that_swap_names(library: Library, gallery: list[Path]) -> None:
    a, b = gallery[0], gallery[3]
    ids = library.ids()
    digests = {item.file.path: item.file.digest for item in library.store.page(0, 100)}
    vectors = library.store.vectors([ids[str(b)], ids[str(a)]])
    scratch = library.root / "scratch"
    a.rename(scratch)
    b.rename(a)
    scratch.rename(b)
    assert counts(library.index()) == (0, 2, 5, 0)
    after = library.ids()
    assert after.keys() == ids.keys()
    now = {item.file.path: item.file.digest for item in library.store.page(0, 100)}
    assert (now[str(a)], now[str(b)]) == (digests[str(b)], digests[str(a)])
    kept = library.store.vectors([after[str(a)], after[str(b)]])
    assert (kept == vectors).all()
    assert counts(library.index()) == (0, 0, 7, 0)


def test_a_moved_file_leaves_its_name_to_another(library: Library, gallery: list[Path]) -> None:
    old = library.root / "old.jpg"
    gallery[0].rename(old)
    write_picture(gallery[0], 200)
    library.index()
    assert library.store.count() == 8
    assert library.encoder.seen == 1
    write_picture(library.root / "probe.jpg", 200)
    library.index()
    assert library.nearest(library.root / "probe.jpg")[1] > 0.999
    found, score = library.nearest(old)
    assert found == str(old)
    assert score > 0.999


def test_a_deleted_file_is_removed(library: Library, gallery: list[Path]) -> None:
    gallery[0].unlink()
    assert counts(library.index()) == (0, 0, 6, 1)
    assert str(gallery[0]) not in library.ids()
    assert counts(library.index()) == (0, 0, 6, 0)


def test_a_deleted_folder_is_removed(library: Library, gallery: list[Path]) -> None:
    shutil.rmtree(library.root / "two")
    summary = library.index()
    assert counts(summary) == (0, 0, 5, 2)
    assert summary.warnings == []


def test_an_emptied_folder_is_removed(library: Library, gallery: list[Path]) -> None:
    for path in (library.root / "two" / "deep").iterdir():
        path.unlink()
    assert counts(library.index()) == (0, 0, 5, 2)


def test_what_is_excluded_now_is_removed(library: Library, gallery: list[Path]) -> None:
    assert counts(library.index(rules=Rules(exclude=("two",)))) == (0, 0, 5, 2)
    assert counts(library.index(rules=Rules(exclude=("*.png", "two")))) == (0, 0, 3, 2)
    assert counts(library.index(rules=Rules(exclude=("two/deep/*.jpg",)))) == (3, 0, 3, 0)
    assert counts(library.index()) == (0, 0, 6, 0), "rules are kept"
    assert counts(library.index(rules=Rules())) == (1, 0, 6, 0)
    assert library.store.roots() == {str(library.root): Rules()}


def test_only_the_given_roots_are_looked_at(
    library: Library, gallery: list[Path], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    write_gallery(other, 3, first_seed=50)
    assert counts(library.index(other)) == (3, 0, 0, 0)
    gallery[0].unlink()
    assert counts(library.index(other)) == (0, 0, 3, 0)
    assert library.store.count() == 10
    assert counts(library.index(other, library.root)) == (0, 0, 9, 1)


def test_overlapping_roots_count_each_file_once(library: Library) -> None:
    write_gallery(library.root, 7)
    roots = (library.root / "one", library.root, library.root, library.root / "two" / "deep")
    assert counts(library.index(*roots)) == (7, 0, 0, 0)
    assert counts(library.index(library.root / "one")) == (0, 0, 2, 0)
    assert counts(library.index(*roots)) == (0, 0, 7, 0)


def test_a_root_that_was_never_there_is_an_error(library: Library) -> None:
    with pytest.raises(SourceError, match="no file or folder"):
        library.index(library.root / "nothing")


def test_a_root_may_be_one_file(library: Library) -> None:
    path = library.root / "a.jpg"
    write_picture(path, 1)
    write_picture(library.root / "b.jpg", 2)
    assert counts(library.index(path)) == (1, 0, 0, 0)
    assert counts(library.index(path)) == (0, 0, 1, 0)
    write_picture(path, 3)
    assert counts(library.index(path)) == (0, 1, 0, 0)
    assert library.names() == {"a.jpg"}
    assert counts(library.index()) == (1, 0, 1, 0)


def test_a_root_of_one_file_is_removed_when_the_file_is(library: Library) -> None:
    path = library.root / "a.jpg"
    write_picture(path, 1)
    write_picture(library.root / "b.jpg", 2)
    library.index(path)
    assert list(library.store.roots()) == [str(path)]
    path.unlink()
    assert counts(library.index(path)) == (0, 0, 0, 1)


def test_a_root_of_one_file_in_a_folder_that_is_away_is_kept(library: Library) -> None:
    path = library.root / "a.jpg"
    write_picture(path, 1)
    library.index(path)
    path.unlink()
    for _ in range(2):
        summary = library.index(path)
        assert counts(summary) == (0, 0, 0, 0)
        assert len(summary.warnings) == 1
    assert counts(library.index(path, prune=True)) == (0, 0, 0, 1)


def test_progress_is_told_and_ends_complete(library: Library) -> None:
    write_gallery(library.root, 30)
    (library.root / "bad.jpg").write_bytes(b"bad")
    told: list[IndexProgress] = []
    library.index(on_progress=told.append)
    last = told[-1]
    assert last.stage == "finishing"
    assert (last.done, last.encoded, last.skipped) == (31, 30, 1)
    assert last.total == 31
    assert [p.done for p in told] == sorted(p.done for p in told)
    assert all(p.done <= p.total for p in told)


def test_a_listener_that_fails_stops_the_run_but_loses_nothing(library: Library) -> None:
    write_gallery(library.root, 60)

    def fail(now: IndexProgress) -> None:
        if now.encoded >= 16:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        library.index(on_progress=fail)
    done = library.store.count()
    summary = library.index()
    assert (summary.added, summary.unchanged) == (60 - done, done)


def test_a_file_that_changes_between_look_and_read_is_found_changed_next_time(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = library.root / "a.jpg"
    write_picture(path, 1)
    real = source.read_media

    def change_first(name: str) -> source.Media:
        write_picture(path, 2)
        os.utime(path, ns=(9, 9))
        return real(name)

    with monkeypatch.context() as patch:
        patch.setattr(prepare, "read_media", change_first)
        library.index()
    assert counts(library.index()) == (0, 0, 1, 0)
    assert library.store.page(0, 1)[0].file.mtime_ns == 9
    assert path.read_bytes() == encoded(2)


def test_a_copy_whose_original_goes_away_meanwhile_is_encoded(
    library: Library, gallery: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The main thread commits while worker threads look things up."""
    shutil.copyfile(gallery[0], library.root / "copy.jpg")

    def gone(_: object) -> Embeddings:
        raise StoreError("an id is not in the collection")

    with monkeypatch.context() as patch:
        patch.setattr(library.store, "vectors", gone)
        assert counts(library.index()) == (1, 0, 7, 0)
    assert library.encoder.seen == 1


def test_a_copy_whose_original_changes_meanwhile_does_not_get_its_new_vector(
    library: Library, gallery: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = library.root / "copy.jpg"
    shutil.copyfile(gallery[0], copy)
    real = library.store.vectors
    changed = library.ids()[str(gallery[0])]

    def change_first(ids: list[int]) -> Embeddings:
        # As the commit of another content would do it, between the two look-ups.
        with sqlite3.connect(f"{library.store.location}/collection.sqlite") as connection:
            connection.execute("UPDATE images SET digest = x'00' WHERE id = ?", (changed,))
            other = connection.execute(
                "SELECT vector FROM vectors WHERE image_id != ?", (changed,)
            ).fetchone()
            connection.execute(
                "UPDATE vectors SET vector = ? WHERE image_id = ?", (*other, changed)
            )
        connection.close()
        return real(ids)

    with monkeypatch.context() as patch:
        patch.setattr(library.store, "vectors", change_first)
        library.index()
    assert library.encoder.seen == 1
