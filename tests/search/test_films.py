"""Searching for moments of films, and by them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import lookalike
from lookalike import Collection, Example, Query
from lookalike.errors import DecodeError, QueryError
from lookalike.tidy import moves
from tests.support.films import BLUE, GREEN, RED, SAND, nearest_colour, painted, write_film


@pytest.fixture
def photos(tmp_path: Path, tiny_model: Path) -> Iterator[Collection]:
    """A film of red, green and blue, and pictures of green and sand."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    write_film(folder / "film.mp4")
    for name, colour in (("green", GREEN), ("sand", SAND)):
        Image.fromarray(painted(colour)).save(folder / f"{name}.png")
    with lookalike.open(tmp_path / "c", model=tiny_model) as made:
        assert made.index(folder).added == 3
        yield made


def shown(photos: Collection, hit: lookalike.Hit, tmp_path: Path) -> tuple[int, int, int]:
    """The colour of a hit's thumbnail."""
    path = tmp_path / "thumbnail.jpg"
    path.write_bytes(photos.thumbnail(hit.id, 160))
    with Image.open(path) as image:
        return nearest_colour(image)


def test_a_hit_names_its_moment_and_shows_it(photos: Collection, tmp_path: Path) -> None:
    best = photos.search(Image.fromarray(painted(BLUE)), 1)[0]
    assert best.path.endswith("film.mp4")
    assert best.frame is not None
    assert 5 <= best.frame <= 6
    for hit in photos.search(Image.fromarray(painted(RED)), 10):
        wanted = {0: RED, 1: RED, 3: GREEN, 5: BLUE}.get(int(hit.frame or 0), RED)
        if hit.frame is not None:
            assert shown(photos, hit, tmp_path) == wanted


def test_searching_by_a_film_and_by_a_moment_of_it(photos: Collection, tmp_path: Path) -> None:
    query = write_film(tmp_path / "query.mp4", [(SAND, 2), (BLUE, 2)])
    assert photos.search(query, 1)[0].path.endswith("sand.png")
    assert photos.search(query.read_bytes(), 1)[0].path.endswith("sand.png")
    later = Query(positives=(Example(query, at=3.5),))
    assert int(photos.search(later, 1)[0].frame or 0) == 5
    with pytest.raises(QueryError, match="seconds from the beginning"):
        photos.search(Query(positives=(Example(query, at=-1),)))
    still = tmp_path / "pictures" / "sand.png"
    with pytest.raises(DecodeError, match="no other moments"):
        photos.search(Query(positives=(Example(still, at=1),)))


def test_a_frame_of_the_collection_is_a_picture_like_any(photos: Collection) -> None:
    green = next(hit for hit in photos.search(Image.fromarray(painted(GREEN)), 5) if hit.frame)
    hits = photos.search(Query(positives=(Example(green.id),), exclude=True), 9)
    assert green.id not in {hit.id for hit in hits}
    assert len(hits) == len(photos) - 1, "the film's other frames are no copies of it"
    assert hits[0].path.endswith("green.png")
    again = photos.search(Query(positives=(Example(green.id, at=5.5),)), 1)[0]
    assert int(again.frame or 0) == 5, "another moment of the same film"
    explained = photos.explain(green.id, green.id)
    assert explained.score == pytest.approx(1, abs=1e-3)


def test_duplicates_of_films(photos: Collection, tmp_path: Path) -> None:
    copy = tmp_path / "pictures" / "copy of film.mp4"
    copy.write_bytes((tmp_path / "pictures" / "film.mp4").read_bytes())
    photos.index()
    groups = photos.duplicates()
    identical = [group for group in groups if group.kind == "identical"]
    assert [len(group.images) for group in identical] == [2], "one group for two films"
    assert {image.path for image in identical[0].images} == {
        str(tmp_path / "pictures" / name) for name in ("film.mp4", copy.name)
    }
    for group in groups:
        if group.kind != "identical":
            films = [image.path for image in group.images if image.frame is not None]
            assert len(films) == len(set(films)), "frames of one film are no copies of each other"
    # A film is put aside for its copy, never for a picture that is like one of its frames.
    gone = [step.path for step in moves(groups, str(tmp_path / "aside"))]
    assert len([path for path in gone if path.endswith(".mp4")]) == 1


def test_filters_and_tables_know_of_films(photos: Collection, tmp_path: Path) -> None:
    where = lookalike.Where(format=("mp4",))
    assert photos.count(where) == 3
    assert {facet.name: facet.count for facet in photos.facets().formats} == {"MP4": 3, "PNG": 2}
    out = tmp_path / "out.csv"
    assert photos.export(out) == 5
    header, *rows = out.read_text(encoding="utf-8-sig").splitlines()
    column = header.split(",").index("frame")
    assert sorted(row.split(",")[column] for row in rows)[:2] == ["", ""]
