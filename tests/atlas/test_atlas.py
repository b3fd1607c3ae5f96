"""The map of a collection: made in the background, kept, made anew when pictures come."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lookalike
from lookalike import Collection
from lookalike.atlas import COLUMNS, SIDE, Atlas, Places, places
from lookalike.errors import CollectionNotFoundError, QueryError
from tests.support.gate import until
from tests.support.pictures import write_gallery


@pytest.fixture
def photos(tiny_model: Path, pictures: Path, tmp_path: Path) -> Iterator[Collection]:
    with lookalike.open(tmp_path / "c", model=tiny_model) as opened:
        opened.index(pictures)
        yield opened


@pytest.fixture
def atlas(photos: Collection) -> Iterator[Atlas]:
    made = Atlas(photos)
    yield made
    made.close()


def made(atlas: Atlas) -> Places:
    until(lambda: (found := atlas.places()) is not None and atlas.is_current(found))
    found = atlas.places()
    assert found is not None
    return found


def test_every_picture_has_a_place(atlas: Atlas, photos: Collection) -> None:
    found = made(atlas)
    assert sorted(found.ids) == [stored.id for stored in photos.browse(0, 100)]
    assert found.xy.shape == (40, 2)
    assert found.xy.min() >= 0
    assert found.xy.max() <= 1


def test_it_is_kept_and_a_damaged_one_is_made_anew(atlas: Atlas, photos: Collection) -> None:
    first = made(atlas)
    again = Atlas(photos)
    kept = again.places()
    again.close()
    assert kept is not None
    assert kept.version == first.version
    assert np.array_equal(kept.xy, first.xy)
    file = Path(photos.location) / "cache" / "map" / "places.npz"
    for content in (b"", b"PK\x03\x04 damaged", file.read_bytes()[:200]):
        file.write_bytes(content)
        new = Atlas(photos)
        assert np.array_equal(made(new).ids, first.ids)
        new.close()


def test_an_old_map_serves_until_there_is_a_new_one(
    atlas: Atlas, photos: Collection, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.atlas.atlas._REST", 0)
    first = made(atlas)
    assert atlas.sheet(0)[0] == first.version
    write_gallery(pictures / "more", 5, first_seed=900)
    photos.index()
    assert not atlas.is_current(first)
    assert atlas.places() is not None
    second = made(atlas)
    assert (len(first.ids), len(second.ids)) == (40, 45)
    assert first.version != second.version


def test_a_sheet_shows_the_pictures_in_their_cells(atlas: Atlas, photos: Collection) -> None:
    found = made(atlas)
    until(lambda: atlas.sheet(0)[1] is not None)
    _, data = atlas.sheet(0)
    assert data is not None
    with Image.open(io.BytesIO(data)) as sheet:
        assert sheet.size == (COLUMNS * SIDE, 2 * SIDE)
        for place in (0, 7, 39):
            left, top = place % COLUMNS * SIDE, place // COLUMNS * SIDE
            cell = np.asarray(sheet.crop((left, top, left + SIDE, top + SIDE)), np.float32)
            small = photos.thumbnail(int(found.ids[place]), 160)
            with Image.open(io.BytesIO(small)) as picture:
                colour = np.asarray(picture, np.float32).mean(axis=(0, 1))
            assert np.abs(cell.mean(axis=(0, 1)) - colour).max() < 12


@pytest.mark.parametrize("number", [-1, 1, 10**9])
def test_there_are_no_other_sheets(atlas: Atlas, number: int) -> None:
    made(atlas)
    with pytest.raises(QueryError, match="has no sheet"):
        atlas.sheet(number)


def test_no_collection_no_map(tiny_model: Path, tmp_path: Path) -> None:
    with lookalike.open(tmp_path / "none", model=tiny_model) as photos:
        atlas = Atlas(photos)
        with pytest.raises(CollectionNotFoundError):
            atlas.places()
        atlas.close()


def test_more_than_the_landmarks_and_sheets(
    photos: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = places.compute(photos)
    monkeypatch.setattr(places, "MAX_LANDMARKS", 15)
    monkeypatch.setattr(places, "CELLS", 8)
    some = places.compute(photos)
    assert sorted(some.ids) == sorted(whole.ids)
    first, middle = some.xy[:8], np.median(some.xy, axis=0)
    assert {tuple(place > middle) for place in first} == {
        (left, top) for left in (False, True) for top in (False, True)
    }, "the first sheet is from all over"
    again = places.compute(photos)
    assert np.array_equal(again.xy, some.xy)
