"""Folders to choose from."""

import os
from pathlib import Path

import pytest

from lookalike.errors import SourceError
from lookalike.source import folders, list_folders


def test_the_folders_in_a_folder(tmp_path: Path) -> None:
    for name in ("b", "a", ".hidden", "a/below", "photos.lookalike"):
        (tmp_path / name).mkdir()
    (tmp_path / "photos.lookalike" / "collection.sqlite").write_bytes(b"x")
    (tmp_path / "file.jpg").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    listing = list_folders(str(tmp_path))
    assert listing.path == os.path.realpath(tmp_path)
    assert listing.parent == os.path.dirname(listing.path)
    assert [os.path.basename(path) for path in listing.folders] == ["a", "b"]
    assert list_folders(str(tmp_path / "link")).path == os.path.realpath(tmp_path / "a")


def test_home_is_where_it_begins_and_the_top_has_no_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list_folders().path == os.path.realpath(os.path.expanduser("~"))
    top = Path(os.path.realpath(os.getcwd())).anchor
    assert list_folders(top).parent is None


def test_very_many_are_cut_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_FOLDERS", 3)
    for number in range(5):
        (tmp_path / str(number)).mkdir()
    assert [os.path.basename(path) for path in list_folders(str(tmp_path)).folders] == list("012")


@pytest.mark.parametrize("path", ["", "pictures", "../..", "~", "/\0", "/" + "x" * 5000])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(SourceError):
        list_folders(path)


def test_what_cannot_be_looked_into(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(SourceError, match="not a directory"):
        list_folders(str(tmp_path / "file"))
    with pytest.raises(SourceError, match="no such file"):
        list_folders(str(tmp_path / "nothing"))


@pytest.mark.skipif(os.name != "posix", reason="such names exist on POSIX only")
def test_names_that_are_no_text_cannot_be_chosen(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff")
    (tmp_path / name).mkdir()
    assert list_folders(str(tmp_path)).folders == []
    with pytest.raises(SourceError, match="command line"):
        list_folders(str(tmp_path / name))
