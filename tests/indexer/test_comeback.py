"""A drive that comes back under another mount point is the same drive."""

import os
import shutil
from pathlib import Path

import pytest

from lookalike.errors import SourceError
from lookalike.indexer import comeback
from lookalike.store import FileRecord
from lookalike.types import Rules
from tests.indexer.conftest import Library
from tests.support.pictures import write_gallery, write_picture


@pytest.fixture
def gallery(library: Library) -> list[Path]:
    """On a drive at `root`, with rules and a bad file."""
    paths = write_gallery(library.root, 7)
    (library.root / "bad.jpg").write_bytes(b"bad")
    library.index(rules=Rules(exclude=("*.gif",)))
    return paths


def files(library: Library) -> dict[int, FileRecord]:
    return {item.id: item.file for item in library.store.page(0, 100)}


def test_a_drive_is_known_where_it_is_indexed_again(library: Library, gallery: list[Path]) -> None:
    before = files(library)
    library.store.set_labels({min(before): ["kept"]})
    new = library.root.with_name("elsewhere")
    library.root.rename(new)
    summary = library.index(new)
    assert library.encoder.seen == 0
    assert (summary.added, summary.updated, summary.unchanged, summary.removed) == (0, 0, 7, 0)
    assert summary.warnings == [
        f"{library.root} is at {new} now: what was known of it goes on there"
    ]
    after = files(library)
    assert after.keys() == before.keys()
    assert {file.path for file in after.values()} == {
        file.path.replace(str(library.root), str(new)) for file in before.values()
    }
    assert [skip.path for skip in library.store.skipped()] == [str(new / "bad.jpg")]
    assert library.store.roots() == {str(new): Rules(exclude=("*.gif",))}
    assert library.store.labels([min(before)]) == {min(before): ["kept"]}
    assert library.index(new).warnings == []
    # What is deleted there is gone, as anywhere.
    (new / gallery[0].relative_to(library.root)).unlink()
    assert library.index(new).removed == 1


def test_a_drive_is_looked_for_where_drives_are(
    library: Library, gallery: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As /media/ada/DISK/root, which is /media/ada/DISK1/root today.
    drive = tmp_path / "DISK1"
    drive.mkdir()
    shutil.move(library.root, drive / "root")
    library.root.mkdir()  # an empty mount point
    monkeypatch.setattr(comeback, "volumes", lambda: [str(tmp_path / "none"), str(drive)])
    summary = library.index()
    assert (summary.unchanged, summary.removed, library.encoder.seen) == (7, 0, 0)
    assert list(library.store.roots()) == [str(drive / "root")]


def test_a_drive_returns_to_where_it_was_although_that_was_indexed_empty(
    library: Library, gallery: list[Path]
) -> None:
    before = files(library)
    new = library.root.with_name("elsewhere")
    library.root.rename(new)
    library.index(new)
    (library.root / "empty").mkdir(parents=True)
    library.index()
    assert len(library.store.roots()) == 2
    shutil.rmtree(library.root)
    new.rename(library.root)
    summary = library.index()
    assert (summary.added, summary.unchanged, library.encoder.seen) == (0, 7, 0)
    assert files(library) == before
    assert list(library.store.roots()) == [str(library.root)]
    assert all(os.path.isdir(folder) for folder in library.store.folders(str(library.root)))


def test_a_drive_that_was_changed_meanwhile_is_still_known(
    library: Library, gallery: list[Path]
) -> None:
    new = library.root.with_name("elsewhere")
    library.root.rename(new)
    (new / "two" / "deep" / gallery[2].name).unlink()
    write_picture(new / "fresh.jpg", 99)
    summary = library.index(new)
    assert (summary.added, summary.unchanged, summary.removed) == (1, 6, 1)


def test_another_drive_is_not_taken_for_it(library: Library, gallery: list[Path]) -> None:
    library.root.rename(library.root.with_name("away"))
    other = library.root.with_name("other")
    write_gallery(other, 7)
    for path in other.rglob("*.jpg"):
        os.utime(path, ns=(0, 5 * 10**9))
    for path in other.rglob("*.png"):
        path.write_bytes(path.read_bytes() + b" ")
    summary = library.index(other)
    assert summary.warnings == []
    assert set(library.store.roots()) == {str(library.root), str(other)}


def test_a_copy_of_a_drive_that_is_there_is_a_copy(library: Library, gallery: list[Path]) -> None:
    other = library.root.with_name("backup")
    shutil.copytree(library.root, other)
    assert library.index(other).added == 7
    assert library.store.count() == 14


def test_names_that_are_no_text_come_back_too(library: Library) -> None:
    odd = os.fsencode(library.root) + b"/%_\xff/\xfe.jpg"
    write_picture(odd, 1)
    library.index()
    new = library.root.with_name("else[%_]")
    library.root.rename(new)
    assert library.index(new).unchanged == 1
    ((path, _),) = library.ids().items()
    assert os.fsencode(path) == os.fsencode(new) + b"/%_\xff/\xfe.jpg"


def test_a_part_of_a_root_goes_by_the_rules_of_the_root(library: Library) -> None:
    write_gallery(library.root, 7)
    library.index(rules=Rules(exclude=("two/deep/*.jpg",)))
    deep = library.root / "two" / "deep"
    assert library.index(deep).unchanged == len(list(deep.glob("*.png")))
    assert list(library.store.roots()) == [str(library.root)]
    with pytest.raises(SourceError, match="whose rules hold there"):
        library.index(deep, rules=Rules())
