"""The indexer fills in when and with which camera pictures were taken."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from lookalike.decode import DETAILS
from lookalike.indexer import candidates, prepare
from lookalike.store import Changes, StoredFile
from lookalike.types import Where
from tests.indexer.conftest import Library
from tests.support.pictures import draw


def write_photo(path: Path, seed: int, camera: str) -> None:
    exif = Image.Exif()
    exif[0x0110] = camera
    exif.get_ifd(0x8769)[0x9003] = "2019:07:14 12:30:05"
    draw(seed).save(path, "JPEG", exif=exif)


@pytest.fixture
def photos(library: Library) -> Library:
    for number in range(5):
        write_photo(library.root / f"{number}.jpg", number, f"Camera {number % 2}")
    assert library.index().added == 5
    return library


def test_new_pictures_come_with_their_details(photos: Library) -> None:
    assert photos.store.count(Where(camera="Camera 0")) == 3
    for item in photos.store.page(0, 9):
        assert item.file.taken == 1563107405
        assert item.file.details == DETAILS


def test_copies_and_moved_pictures_keep_them(photos: Library) -> None:
    (photos.root / "copy.jpg").write_bytes((photos.root / "1.jpg").read_bytes())
    (photos.root / "3.jpg").rename(photos.root / "three.jpg")
    summary = photos.index()
    assert (summary.added, summary.updated, photos.encoder.seen) == (1, 1, 0)
    assert photos.store.count(Where(camera="Camera 1")) == 3


def test_pictures_of_an_earlier_format_are_read_again_but_not_encoded(
    photos: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = photos.store.page(0, 9)
    bare = [
        StoredFile(item.id, replace(item.file, taken=None, camera=None, details=0))
        for item in before
    ]
    with photos.store.write() as writer:
        writer.apply(Changes(moved=bare))
    assert photos.store.count(Where(camera="Camera 0")) == 0
    summary = photos.index()
    assert (summary.added, summary.updated, summary.unchanged) == (0, 0, 5)
    assert photos.encoder.seen == 0
    assert photos.store.page(0, 9) == before
    monkeypatch.setattr(prepare, "read_media", None)  # the next run reads nothing any more
    assert photos.index().unchanged == 5


def test_a_later_reader_of_details_looks_again(
    photos: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "DETAILS", DETAILS + 1)
    photos.index()
    assert photos.encoder.seen == 0
    assert {item.file.details for item in photos.store.page(0, 9)} == {DETAILS + 1}
