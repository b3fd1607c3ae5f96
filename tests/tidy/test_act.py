"""Duplicates put aside or made one, and all of it taken back."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lookalike.errors import SourceError
from lookalike.source import content_digest
from lookalike.tidy import act, links, moves, undo
from lookalike.types import DuplicateGroup, DuplicateKind, Hit


def group(kind: DuplicateKind, *paths: Path) -> DuplicateGroup:
    images = [
        Hit(
            id=number,
            path=str(path),
            score=1.0,
            width=1,
            height=1,
            format="JPEG",
            bytes=path.stat().st_size,
            digest=content_digest(path.read_bytes()).hex(),
            modified=datetime(2024, 1, 1, tzinfo=UTC),
        )
        for number, path in enumerate(paths)
    ]
    return DuplicateGroup(kind, images)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    folder = tmp_path.resolve() / "photos" / "2024"
    folder.mkdir(parents=True)
    paths = [folder / name for name in ("best.jpg", "copy.jpg", "edited.jpg")]
    for path, content in zip(paths, (b"same", b"same", b"other"), strict=True):
        path.write_bytes(content)
        os.utime(path, ns=(10**18, 10**18 + len(path.name)))
    return paths


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_copies_are_put_aside_and_come_back(files: list[Path], tmp_path: Path) -> None:
    top = files[0].parents[1]
    before = state(top)
    aside, journal = tmp_path.resolve() / "aside", str(tmp_path / "j" / "1.jsonl")
    steps = moves([group("identical", *files[:2]), group("near", files[0], files[2])], str(aside))
    assert state(top) == before, "planning does nothing"
    assert [done.reason for done in act(steps, journal)] == [None, None]
    assert state(top).keys() == {"2024/best.jpg"}
    assert sorted(path.name for path in aside.rglob("*.jpg")) == ["copy.jpg", "edited.jpg"]
    assert [done.reason for done in undo(journal)] == [None, None]
    assert state(top) == before
    assert not aside.exists()
    assert {done.reason for done in undo(journal)} == {"it was not moved, or is not there any more"}


def test_identical_copies_become_one_file_and_two_again(files: list[Path], tmp_path: Path) -> None:
    top, journal = files[0].parents[1], str(tmp_path / "1.jsonl")
    before = state(top)
    steps = links([group("identical", *files[:2]), group("near", files[0], files[2])])
    assert [done.reason for done in act(steps, journal)] == [None]
    assert files[1].samefile(files[0])
    assert files[2].read_bytes() == b"other"
    assert state(top).keys() == before.keys(), "no scratch file is left"
    assert [done.reason for done in undo(journal)] == [None]
    assert not files[1].samefile(files[0])
    assert state(top) == before


def test_what_would_lose_something_is_left_alone(files: list[Path], tmp_path: Path) -> None:
    best, copy, edited = files
    groups = [group("identical", best, copy), group("near", best, edited)]
    there = Path(moves(groups, str(tmp_path / "aside"))[0].target)
    there.parent.mkdir(parents=True)
    there.write_bytes(b"mine")
    edited.write_bytes(b"changed meanwhile")
    done = list(act(moves(groups, str(tmp_path / "aside")), str(tmp_path / "1.jsonl")))
    assert [each.reason for each in done] == [
        f"there is a file {there} already",
        "it was changed since it was indexed: index it again first",
    ]
    assert there.read_bytes() == b"mine"

    best.write_bytes(b"BEST")
    (left,) = act(links(groups), str(tmp_path / "2.jsonl"))
    assert left.reason == "its content is not that of its best copy any more"

    best.unlink()
    (left,) = act(links(groups), str(tmp_path / "3.jsonl"))
    assert left.reason == f"its best copy, {best}, is away"
    assert copy.read_bytes() == b"same"


def test_what_is_best_in_one_group_does_not_go_with_another(files: list[Path]) -> None:
    best, copy, edited = files
    steps = moves([group("identical", copy, best), group("near", edited, copy)], "/aside")
    assert [step.path for step in steps] == [str(best)]


def test_journals(files: list[Path], tmp_path: Path) -> None:
    journal = tmp_path / "1.jsonl"
    journal.write_text("kept")
    with pytest.raises(SourceError, match="cannot be written"):
        list(act([], str(journal)))
    with pytest.raises(SourceError, match="is no journal"):
        list(undo(str(journal)))
    assert journal.read_text() == "kept"
