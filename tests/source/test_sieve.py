"""Rules of a root, `.lookalikeignore`, and what is never looked at."""

import os
from pathlib import Path

import pytest

from lookalike.errors import SourceError
from lookalike.source import Sieve, walk
from lookalike.types import Links, Rules


def touch(root: Path, *names: str, size: int = 1) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x" * size)


def found(root: Path, rules: Rules | None = None, start: Path | None = None) -> list[str]:
    sieve = Sieve.of(str(root), rules or Rules())
    return sorted(
        os.path.relpath(os.path.join(folder.path, file.name), root).replace(os.sep, "/")
        for folder in walk(str(start or root), sieve)
        for file in folder.files
    )


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        ((), (), ["a/1.jpg", "a/2.png", "a/b/3.jpg", "c/4.jpg", "top.jpg"]),
        (("*.png",), (), ["a/2.png"]),
        (("a/**",), ("b/",), ["a/1.jpg", "a/2.png"]),
        (("/a/*.jpg", "/top.jpg"), (), ["a/1.jpg", "top.jpg"]),
        ((), ("*.jpg", "!top.jpg"), ["a/2.png", "top.jpg"]),
        ((), ("/b",), ["a/1.jpg", "a/2.png", "a/b/3.jpg", "c/4.jpg", "top.jpg"]),
        ((), ("**/b", "# a comment", ""), ["a/1.jpg", "a/2.png", "c/4.jpg", "top.jpg"]),
        ((), ("[ac]/",), ["top.jpg"]),
    ],
)
def test_patterns_are_those_of_gitignore(
    tmp_path: Path, include: tuple[str, ...], exclude: tuple[str, ...], expected: list[str]
) -> None:
    touch(tmp_path, "a/1.jpg", "a/2.png", "a/b/3.jpg", "c/4.jpg", "top.jpg")
    assert found(tmp_path, Rules(include=include, exclude=exclude)) == expected


def test_what_is_no_pattern_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="'!' is no pattern"):
        Sieve.of(str(tmp_path), Rules(exclude=("!",)))


def test_files_with_patterns_hold_for_their_folder_and_below(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "a/2.png", "a/b/1.jpg", "a/b/2.png", "c/1.jpg", "c/2.png")
    (tmp_path / "a" / ".lookalikeignore").write_text("# none of these\n*.png\n!\n")
    (tmp_path / "c" / ".lookalikeignore").write_bytes(b"/1.jpg\r\n\xff\n")
    assert found(tmp_path) == ["a/1.jpg", "a/b/1.jpg", "c/2.png"]
    (tmp_path / "a" / "b" / ".lookalikeignore").write_text("!2.png\n1.jpg\n")
    assert found(tmp_path) == ["a/1.jpg", "a/b/2.png", "c/2.png"]
    # What the user says counts more than what lies in the folders.
    assert found(tmp_path, Rules(exclude=("!*.png", "b/"))) == ["a/1.jpg", "a/2.png", "c/2.png"]
    # And all of it holds where only a part is looked at.
    assert found(tmp_path, start=tmp_path / "a" / "b") == ["a/b/2.png"]
    (tmp_path / ".lookalikeignore").write_text("b/\n")
    assert found(tmp_path) == ["a/1.jpg", "c/2.png"]


def test_a_file_with_patterns_that_cannot_be_read_hides_nothing_by_accident(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "2.jpg")
    (tmp_path / "a" / ".lookalikeignore").mkdir()
    _, folder = walk(str(tmp_path))
    assert not folder.complete, "what is known of the folder stays"
    ((path, reason),) = folder.unreadable
    assert path == str(tmp_path / "a")
    assert "its .lookalikeignore cannot be read" in reason


def test_hidden_names_and_small_files(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", ".b.jpg", "._a.jpg", ".c/d.jpg", ".thumbnails/e.jpg", size=10)
    touch(tmp_path, "small.jpg", size=9)
    assert found(tmp_path) == ["a.jpg", "small.jpg"]
    rules = Rules(hidden=True, min_bytes=10)
    assert found(tmp_path, rules) == [".b.jpg", ".c/d.jpg", "a.jpg"]


@pytest.mark.parametrize(
    "name", ["@eaDir", ".thumbnails", "#recycle", "$RECYCLE.BIN", ".Trash-1000", ".stversions"]
)
def test_sidecar_folders_are_never_looked_at(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "a.jpg", f"{name}/a.jpg", f"b/{name}/a.jpg")
    assert found(tmp_path, Rules(hidden=True)) == ["a.jpg"]


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ("none", ["a/1.jpg"]),
        ("files", ["a/1.jpg", "linked.jpg"]),
        ("all", ["a/1.jpg", "linked.jpg", "outside/2.jpg", "outside/deep/3.jpg"]),
    ],
)
def test_links(tmp_path: Path, links: Links, expected: list[str]) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    touch(root, "a/1.jpg")
    touch(other, "2.jpg", "deep/3.jpg")
    try:
        (root / "linked.jpg").symlink_to(root / "a" / "1.jpg")
        (root / "outside").symlink_to(other)
        (root / "outside, again").symlink_to(other / "deep")  # found already
        (root / "a" / "around").symlink_to(root)
        (other / "back").symlink_to(root)
        (root / "up").symlink_to(tmp_path)  # holds the root itself
    except OSError:
        pytest.skip("this system makes no links for its users")
    assert found(root, Rules(links=links)) == expected
