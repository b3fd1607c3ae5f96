"""Small copies on disk: made once, and no more of them than they may take."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import lookalike
from lookalike import Collection
from lookalike.store import StoredFile
from lookalike.thumbnails import Thumbnails
from tests.support.pictures import write_gallery

SIDE = 160


@pytest.fixture(scope="module")
def photos(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    folder = tmp_path_factory.mktemp("thumbnails")
    write_gallery(folder / "pictures", 8)
    with lookalike.open(folder / "c", model=tiny_model) as opened:
        opened.index(folder / "pictures")
        yield opened


def kept(folder: Path) -> set[str]:
    """The content of each picture that has a thumbnail there."""
    return {path.name.removesuffix(f"-{SIDE}.jpg") for path in folder.rglob("*.jpg")}


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.jpg"))


def make(folder: Path, items: list[StoredFile], most_bytes: int) -> None:
    thumbnails = Thumbnails(str(folder), most_bytes)
    for item in items:
        assert thumbnails.of(item, SIDE).data.startswith(b"\xff\xd8")


def test_those_go_that_were_not_looked_at_for_longest(photos: Collection, tmp_path: Path) -> None:
    items = list(photos.browse(0, 8))
    make(tmp_path, items[:7], 2**30)
    assert kept(tmp_path) == {item.file.content for item in items[:7]}
    full = size(tmp_path)
    for place, item in enumerate(items[:7]):
        (path,) = tmp_path.rglob(f"{item.file.content}-*")
        # The first was made first, but looked at last.
        os.utime(path, (100 if place == 0 else place, place))
    make(tmp_path, items[7:], full)
    assert size(tmp_path) <= full - full // 8
    left = kept(tmp_path)
    gone = [place for place, item in enumerate(items) if item.file.content not in left]
    assert gone == list(range(1, 1 + len(gone))), "the oldest, and no more than need be"
    assert size(tmp_path) + full // 4 > full - full // 8
    make(tmp_path, [items[1]], 2**30)
    assert items[1].file.content in kept(tmp_path), "it is made again when it is asked for"


def test_however_little_there_may_be_a_thumbnail_is_given(
    photos: Collection, tmp_path: Path
) -> None:
    make(tmp_path, list(photos.browse(0, 8)), 1)
    assert size(tmp_path) == 0
