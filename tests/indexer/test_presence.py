"""Nothing is forgotten because a drive is away."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lookalike.store import Changes
from tests.indexer.conftest import Library
from tests.support.pictures import write_gallery, write_picture


@pytest.fixture
def gallery(library: Library) -> list[Path]:
    paths = write_gallery(library.root, 7)
    library.index()
    return paths


def empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def was_on_device(library: Library, folder: Path, device: int) -> None:
    """As if `folder` and all below it had been on another device when it was indexed."""
    known = library.store.folders(str(folder))
    with library.store.write() as writer:
        writer.apply(Changes(folders=dict.fromkeys(known, device)))


def test_a_missing_root_keeps_everything_and_says_so(library: Library, gallery: list[Path]) -> None:
    library.root.rename(library.root.with_name("away"))
    for _ in range(2):
        summary = library.index()
        assert (summary.unchanged, summary.removed, summary.skipped) == (0, 0, [])
        assert len(summary.warnings) == 1
        assert str(library.root) in summary.warnings[0]
        assert "7 known files are kept" in summary.warnings[0]
        assert library.store.count() == 7
    library.root.with_name("away").rename(library.root)
    assert library.index().unchanged == 7


def test_an_empty_root_keeps_everything_and_says_so(library: Library, gallery: list[Path]) -> None:
    empty(library.root)
    for _ in range(2):
        summary = library.index()
        assert summary.removed == 0
        assert len(summary.warnings) == 1
        assert "--prune" in summary.warnings[0]
    assert library.store.count() == 7


@pytest.mark.parametrize("gone", ["missing", "empty"])
def test_prune_forgets_what_a_missing_or_empty_root_held(
    library: Library, gallery: list[Path], gone: str
) -> None:
    empty(library.root)
    if gone == "missing":
        library.root.rmdir()
    summary = library.index(prune=True)
    assert (summary.removed, summary.warnings) == (7, [])
    assert library.store.count() == 0


def test_skipped_files_of_a_missing_root_are_kept_too(library: Library) -> None:
    (library.root / "bad.jpg").write_bytes(b"bad")
    library.index()
    library.root.rename(library.root.with_name("away"))
    summary = library.index()
    assert len(summary.warnings) == 1
    assert library.reasons().keys() == {"bad.jpg"}


def test_a_nested_mount_point_that_is_empty_now_keeps_everything_for_good(
    library: Library, gallery: list[Path]
) -> None:
    mount = library.root / "two"
    was_on_device(library, mount, 987654)
    empty(mount)
    for _ in range(3):
        summary = library.index()
        assert (summary.unchanged, summary.removed) == (5, 0)
        assert len(summary.warnings) == 1
        assert str(mount) in summary.warnings[0]
    assert library.store.count() == 7
    assert library.index(prune=True).removed == 2
    assert library.index().warnings == []


def test_a_nested_mount_point_that_is_away_does_not_give_its_pictures_to_copies(
    library: Library, gallery: list[Path]
) -> None:
    mount = library.root / "two"
    was_on_device(library, mount, 987654)
    before = library.ids()
    away = gallery[2]
    shutil.copyfile(away, library.root / "copy.jpg")
    empty(mount)
    assert library.index().added == 1
    assert library.ids().items() > before.items()


def test_another_drive_at_a_mount_point_keeps_the_pictures_of_the_first(
    library: Library, gallery: list[Path]
) -> None:
    mount = library.root / "two"
    was_on_device(library, mount, 987654)
    empty(mount)
    write_picture(mount / "new.jpg", 77)
    summary = library.index()
    assert (summary.added, summary.unchanged, summary.removed) == (1, 5, 0)
    assert len(summary.warnings) == 1


def test_a_drive_whose_number_changed_is_known_by_its_files(
    library: Library, gallery: list[Path]
) -> None:
    was_on_device(library, library.root, 987654)
    gallery[0].unlink()
    shutil.rmtree(library.root / "two")
    summary = library.index()
    assert (summary.unchanged, summary.removed, summary.warnings) == (4, 3, [])
    device = library.root.stat().st_dev
    known = library.store.folders(str(library.root))
    assert known[str(library.root)] == known[str(library.root / "one")] == device


def test_a_drive_whose_number_changed_lets_its_files_move(
    library: Library, gallery: list[Path]
) -> None:
    was_on_device(library, library.root, 987654)
    (library.root / "two" / "deep").rename(library.root / "two" / "shallow")
    summary = library.index()
    assert library.encoder.seen == 0
    assert (summary.added, summary.updated, summary.removed) == (0, 2, 0)


def test_a_mount_point_that_was_never_seen_with_pictures_is_no_obstacle(library: Library) -> None:
    (library.root / "empty").mkdir()
    write_picture(library.root / "a.jpg", 1)
    library.index()
    was_on_device(library, library.root / "empty", 987654)
    assert library.index().warnings == []


def test_a_deleted_folder_below_a_root_that_is_there_is_gone(
    library: Library, gallery: list[Path]
) -> None:
    shutil.rmtree(library.root / "two")
    summary = library.index()
    assert (summary.removed, summary.warnings) == (2, [])


_AS_NOBODY = """
import os, sys, json
from lookalike.indexer import index
from lookalike.store import LocalStore
from tests.support.encoder import CountingEncoder
encoder = CountingEncoder()  # before the rights are gone: Python itself may lie in root's home
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
store = LocalStore(sys.argv[1])
summary = index(store, encoder, sys.argv[2:])
print(json.dumps([summary.added, summary.unchanged, summary.removed,
    [[s.path, s.reason] for s in summary.skipped], summary.warnings]))
store.close()
"""


def index_as_nobody(library: Library) -> tuple[int, int, int, dict[str, str], list[str]]:
    """Index in a child that has no special rights; root's own eyes see everything."""
    library.root.parent.chmod(0o755)
    if os.geteuid() == 0:
        for where, folders, files in os.walk(library.store.location):
            for name in (*folders, *files, "."):
                os.chown(os.path.join(where, name), 65534, 65534)
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, library.store.location, str(library.root)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    added, unchanged, removed, skipped, warnings = json.loads(done.stdout)
    return added, unchanged, removed, dict(skipped), warnings


@pytest.fixture
def shut(library: Library, gallery: list[Path]) -> Path:
    return library.root / "two"


@pytest.mark.parametrize("mode", [0o000, 0o300, 0o600])
def test_a_folder_that_cannot_be_read_keeps_its_pictures(
    library: Library, shut: Path, mode: int
) -> None:
    shut.chmod(mode)
    try:
        for _ in range(2):
            added, unchanged, removed, skipped, warnings = index_as_nobody(library)
            assert (added, removed) == (0, 0)
            assert unchanged >= 5
            assert library.store.count() == 7
            told = [*skipped.values(), *warnings]
            assert any("permission denied" in sentence for sentence in told)
        assert library.reasons().keys() <= {"two", "two/deep"}
    finally:
        shut.chmod(0o755)
    summary = library.index()
    assert (summary.unchanged, summary.skipped) == (7, [])


def test_files_that_cannot_be_looked_at_keep_their_pictures(library: Library, shut: Path) -> None:
    folder = shut / "deep"
    folder.chmod(0o644)  # their names can be listed, but nothing more
    try:
        for _ in range(2):
            added, _, removed, skipped, warnings = index_as_nobody(library)
            assert (added, removed) == (0, 0)
            assert library.store.count() == 7
            assert any("permission denied" in s for s in [*skipped.values(), *warnings])
    finally:
        folder.chmod(0o755)
    summary = library.index()
    assert (summary.unchanged, summary.skipped) == (7, [])


def test_a_root_that_cannot_be_read_keeps_everything_and_says_so(
    library: Library, gallery: list[Path]
) -> None:
    library.root.chmod(0o000)
    try:
        for _ in range(2):
            added, unchanged, removed, skipped, warnings = index_as_nobody(library)
            assert (added, unchanged, removed, skipped) == (0, 0, 0, {})
            assert library.store.count() == 7
            assert any("permission denied" in warning for warning in warnings)
    finally:
        library.root.chmod(0o755)
    assert library.index().unchanged == 7
