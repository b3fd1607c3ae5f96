"""Files that come, change, move and go while the collection is watched."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import lookalike
from lookalike import Collection, IndexSummary
from lookalike.jobs import Watcher
from tests.support.gate import until
from tests.support.pictures import write_gallery, write_picture


@pytest.fixture
def photos(tmp_path: Path, tiny_model: Path) -> Iterator[Collection]:
    """A collection inside the folder that it is of, as many are."""
    root = tmp_path.resolve() / "pictures"
    write_gallery(root, 3)
    with lookalike.open(root / "collection.lookalike", model=tiny_model) as photos:
        photos.index(root)
        yield photos


@contextmanager
def watched(photos: Collection, rescan_s: float = 600) -> Iterator[list[IndexSummary]]:
    """The runs that changed something, while it is watched."""
    runs: list[IndexSummary] = []
    stop, watcher = threading.Event(), Watcher(photos, runs.append, quiet_s=0.1, rescan_s=rescan_s)
    thread = threading.Thread(target=watcher.run, args=(stop,))
    thread.start()
    try:
        assert watcher.watching.wait(60)
        yield runs
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def names(photos: Collection) -> set[str]:
    return {Path(item.file.path).name for item in photos.browse(0, 100)}


def test_files_that_come_change_move_and_go(photos: Collection) -> None:
    root = Path(photos.status().roots[0])
    before = {item.file.path: item for item in photos.browse(0, 100)}
    with watched(photos) as runs:
        write_picture(root / "deep" / "er" / "new.jpg", 50)
        until(lambda: "new.jpg" in names(photos))

        write_picture(root / "0000.jpg", 51)
        until(
            lambda: photos.image_file(1).file.digest != before[str(root / "0000.jpg")].file.digest
        )

        (root / "one").rename(root / "renamed")
        until(lambda: any("renamed" in item.file.path for item in photos.browse(0, 100)))
        until(lambda: not any("/one/" in item.file.path for item in photos.browse(0, 100)))
        assert photos.image_file(2).file.path == str(root / "renamed" / "0001.png")

        (root / "deep" / "er" / "new.jpg").unlink()
        until(lambda: "new.jpg" not in names(photos))
    assert len(photos) == 3
    assert all(run.warnings == [] for run in runs)


def test_what_came_while_nobody_watched_is_found_at_the_start(photos: Collection) -> None:
    root = Path(photos.status().roots[0])
    write_picture(root / "meanwhile.jpg", 50)
    with watched(photos) as runs:
        assert "meanwhile.jpg" in names(photos)
        assert [run.added for run in runs] == [1]


def test_what_the_system_does_not_tell_of_is_found_all_the_same(
    photos: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(photos.status().roots[0])
    monkeypatch.setattr(Watcher, "_note", lambda self, paths, roots: None)  # as after an overflow
    with watched(photos, rescan_s=0.2):
        write_picture(root / "untold.jpg", 50)
        until(lambda: "untold.jpg" in names(photos))
