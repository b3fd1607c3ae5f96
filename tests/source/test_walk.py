"""The walk: what is found, what is passed over, and what says so."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.source import FoundFolder, Sieve, is_picture_name, walk
from lookalike.types import Rules


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def found(root: Path, exclude: tuple[str, ...] = ()) -> list[str]:
    return [
        os.path.relpath(os.path.join(folder.path, file.name), root)
        for folder in walk(str(root), Sieve.of(str(root), Rules(exclude=exclude)))
        for file in folder.files
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jpg", True),
        ("a.JPEG", True),
        ("a.b.png", True),
        ("a.heic", True),
        ("a.jpg.txt", False),
        ("jpg", False),
        (".jpg", False),
        ("a.", False),
        ("a", False),
        ("\udcff.webp", True),
    ],
)
def test_names_that_promise_a_picture(name: str, expected: bool) -> None:
    assert is_picture_name(name) is expected


def test_folders_come_in_the_order_of_their_names_depth_first(tmp_path: Path) -> None:
    touch(*(tmp_path / p for p in ("b/c/2.jpg", "b/1.jpg", "a/3.jpg", "z.jpg", "a.jpg", "b/n.txt")))
    assert found(tmp_path) == ["a.jpg", "z.jpg", "a/3.jpg", "b/1.jpg", "b/c/2.jpg"]
    folders = list(walk(str(tmp_path)))
    assert all(folder.complete and not folder.unreadable for folder in folders)
    assert {folder.device for folder in folders} == {tmp_path.stat().st_dev}
    file = folders[0].files[0]
    status = (tmp_path / "a.jpg").stat()
    assert (file.size, file.mtime_ns) == (1, status.st_mtime_ns)


def test_a_folder_without_pictures_is_still_seen(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert [folder.path for folder in walk(str(tmp_path))] == [
        str(tmp_path),
        str(tmp_path / "empty"),
    ]


def test_a_root_that_is_a_file_is_found_alone(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "b.jpg")
    (folder,) = walk(str(tmp_path / "a.jpg"))
    assert (folder.path, [file.name for file in folder.files]) == (str(tmp_path), ["a.jpg"])
    assert not folder.complete, "the other files of its folder are not gone"


def test_a_root_that_is_not_there(tmp_path: Path) -> None:
    root = str(tmp_path / "nothing")
    reason = "it cannot be read: no such file or directory"
    assert list(walk(root)) == [FoundFolder(root, -1, unreadable=[(root, reason)], complete=False)]


@pytest.mark.parametrize(
    ("exclude", "expected"),
    [
        ((), ["top.jpg", "a/1.jpg", "a/2.png", "a/b/3.jpg", "c/4.jpg"]),
        (("*.jpg",), ["a/2.png"]),
        (("a",), ["top.jpg", "c/4.jpg"]),
        (("a/",), ["top.jpg", "c/4.jpg"]),
        (("b",), ["top.jpg", "a/1.jpg", "a/2.png", "c/4.jpg"]),
        (("a/b",), ["top.jpg", "a/1.jpg", "a/2.png", "c/4.jpg"]),
        (("a/*.png", "c"), ["top.jpg", "a/1.jpg", "a/b/3.jpg"]),
        (("A",), ["top.jpg", "a/1.jpg", "a/2.png", "a/b/3.jpg", "c/4.jpg"]),
    ],
)
def test_what_is_excluded(tmp_path: Path, exclude: tuple[str, ...], expected: list[str]) -> None:
    touch(*(tmp_path / p for p in ("a/1.jpg", "a/2.png", "a/b/3.jpg", "c/4.jpg", "top.jpg")))
    assert found(tmp_path, exclude) == expected


def test_a_collection_is_passed_over_with_all_below(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "c" / "collection.sqlite", tmp_path / "c" / "t" / "b.jpg")
    assert found(tmp_path) == ["a.jpg"]


def test_a_deep_tree_is_no_problem(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(300):
        deep = deep / "d"
    touch(deep / "a.jpg")
    assert len(found(tmp_path)) == 1


@settings(derandomize=True, deadline=None, max_examples=30)
@given(
    st.sets(
        st.binary(min_size=1, max_size=12).filter(
            lambda name: b"/" not in name and b"\0" not in name and not name.startswith(b".")
        ),
        max_size=6,
    )
)
def test_every_name_is_found_once(
    tmp_path_factory: pytest.TempPathFactory, names: set[bytes]
) -> None:
    root = tmp_path_factory.mktemp("walk")
    for name in names:
        with open(os.path.join(os.fsencode(root), name + b".jpg"), "wb"):
            pass
    seen = [os.fsencode(name) for name in found(root)]
    assert sorted(seen) == sorted(name + b".jpg" for name in names)
