"""Pictures found in any orientation, and as a part of another: real files, one real encoder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import lookalike
from lookalike import Collection, Query
from lookalike.decode import from_image
from lookalike.errors import QueryError
from lookalike.search.turns import ORIENTATIONS, turned
from lookalike.store import LocalStore
from lookalike.types import Example, Orientation
from tests.support.model import make_model
from tests.support.pictures import draw, write_gallery


@pytest.fixture
def photos(tiny_model: Path, tmp_path: Path) -> Iterator[Collection]:
    folder = tmp_path / "pictures"
    write_gallery(folder, 12)
    collage = Image.new("RGB", (360, 360), "black")
    collage.paste(draw(100, 180, 180), (180, 0))  # a picture of its own, at the top right
    collage.paste(draw(101, 180, 180), (0, 180))
    collage.save(folder / "collage.png")
    for number, orientation in enumerate(ORIENTATIONS):
        turned(from_image(draw(200, 120, 80)), orientation).image.save(
            folder / f"{number} {orientation}.png"
        )
    with lookalike.open(tmp_path / "c", model=tiny_model) as opened:
        opened.index(folder, regions=True)
        yield opened


def turns(photos: Collection, query: Image.Image) -> dict[str, Orientation | None]:
    asked = Query(positives=(Example(query),), any_orientation=True)
    hits = photos.search(asked, k=8)
    assert all(hit.score > 0.99 for hit in hits)
    return {Path(hit.path).stem.split(" ")[-1]: hit.orientation for hit in hits}


def test_each_orientation_is_found_and_named(photos: Collection) -> None:
    found = turns(photos, draw(200, 120, 80))
    assert found == {orientation: orientation for orientation in ORIENTATIONS}
    from_one_side = turns(photos, draw(200, 120, 80).transpose(Image.Transpose.ROTATE_270))
    assert from_one_side["turned-90"] == "upright"
    assert from_one_side["upright"] == "turned-270"
    plain = photos.search(draw(200, 120, 80), k=1)[0]
    assert (plain.orientation, Path(plain.path).name) == (None, "0 upright.png")


def test_a_picture_of_the_collection_is_turned_as_well(photos: Collection) -> None:
    image_id = photos.search(draw(200, 120, 80), k=1)[0].id
    hits = photos.search(
        Query(positives=(Example(image_id),), any_orientation=True, exclude=True), k=7
    )
    assert image_id not in [hit.id for hit in hits]
    assert {hit.orientation for hit in hits} == set(ORIENTATIONS) - {"upright"}


def test_a_part_is_found_and_the_hit_says_where(photos: Collection) -> None:
    query = draw(100, 180, 180)
    whole = photos.search(query, k=1)[0]
    assert whole.score < 0.99
    best = photos.search(Query(positives=(Example(query),), regions=True), k=3)[0]
    assert Path(best.path).name == "collage.png"
    assert best.score > 0.99
    assert best.region == pytest.approx((0.5, 0, 0.5, 0.5), abs=1e-3)
    assert best.likeness is None
    other = photos.search(Query(positives=(Example(draw(3)),), regions=True), k=1)[0]
    assert (Path(other.path).name, other.region) == ("0003.png", None)


def test_both_at_once(photos: Collection) -> None:
    query = draw(101, 180, 180).transpose(Image.Transpose.ROTATE_180)
    asked = Query(positives=(Example(query),), regions=True, any_orientation=True)
    best = photos.search(asked, k=2)
    assert (Path(best[0].path).name, best[0].orientation) == ("collage.png", "turned-180")
    assert best[0].region == pytest.approx((0, 0.5, 0.5, 0.5), abs=1e-3)
    again = photos.search(asked, k=1, offset=1)
    assert again == best[1:]


def test_regions_are_kept_up_to_date_and_forgotten(photos: Collection, tmp_path: Path) -> None:
    assert photos.status().encoders[0].regions
    assert photos.status().encoders[0].lacking == 0
    draw(300, 90, 90).save(tmp_path / "pictures" / "later.png")
    photos.index()
    assert photos.status().encoders[0].lacking == 0
    photos.index(regions=False)
    assert not photos.status().encoders[0].regions
    with pytest.raises(QueryError, match="lookalike index --regions"):
        photos.search(Query(positives=(Example(3),), regions=True))


def test_a_new_encoder_gets_regions_too(photos: Collection, tmp_path: Path) -> None:
    photos.encoders.add(make_model(tmp_path / "other", seed=8))
    photos.encoders.fill()
    photos.encoders.switch(3)
    query = Query(positives=(Example(draw(100, 180, 180)),), regions=True)
    assert Path(photos.search(query, k=1)[0].path).name == "collage.png"
    photos.encoders.drop(1)
    store = LocalStore(photos.location)
    assert [layer.number for layer in store.layers.all()] == [3, 4]
    store.close()


def test_words_have_no_orientation(photos: Collection) -> None:
    with pytest.raises(QueryError):
        photos.search(Query(text="sea", any_orientation=True))
