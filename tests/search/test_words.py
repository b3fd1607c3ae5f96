"""Searching by words, alone and beside pictures, in a collection whose encoder takes both."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import lookalike
from lookalike import Collection, Example, Hit, Query, Where
from lookalike.errors import EncoderMismatchError, QueryError
from tests.support.two_towers import COLOURS, write_colours, write_two_towers

EACH = 4


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_two_towers(tmp_path_factory.mktemp("towers"))


@pytest.fixture(scope="module")
def photos(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    folder = tmp_path_factory.mktemp("colours")
    write_colours(folder / "pictures", EACH)
    with lookalike.open(folder / "c", model=model) as opened:
        assert opened.index(folder / "pictures").added == EACH * len(COLOURS)
        yield opened


def colours(hits: list[Hit]) -> list[str]:
    return [Path(hit.path).name.split()[0] for hit in hits]


def picture(photos: Collection, name: str) -> int:
    """The id of a picture of that colour."""
    return next(item.id for item in photos.browse() if f"{name} 0" in item.file.path)


@pytest.mark.parametrize("name", COLOURS)
def test_words_alone(photos: Collection, name: str) -> None:
    hits = photos.search(text=f"A photo of the {name.upper()}  house", k=EACH)
    assert colours(hits) == [name] * EACH
    assert all(hit.likeness is None for hit in hits)
    assert photos.status().text


def test_pages_filters_and_the_least_score(photos: Collection) -> None:
    whole = photos.search(text="red", k=12)
    assert photos.search(text="red", k=3, offset=2) == whole[2:5]
    least = whole[2].score - 1e-6
    assert photos.search(text="red", k=12, min_score=least) == whole[:3]
    assert photos.search(text="red", where=Where(format=("JPEG",))) == []


def test_words_beside_pictures(photos: Collection) -> None:
    red, blue = picture(photos, "red"), picture(photos, "blue")
    plain = {hit.id: hit.score for hit in photos.search(red, k=12)}
    with_words = {hit.id: hit.score for hit in photos.search(red, k=12, text="blue")}
    assert with_words[blue] > plain[blue]
    # One says red, the other blue: the weight decides.
    for weight, first in ((0.2, "red"), (5.0, "blue")):
        hits = photos.search(red, k=1, text="blue", text_weight=weight)
        assert colours(hits) == [first]


def test_words_count_as_one_more_picture(photos: Collection) -> None:
    red, green = picture(photos, "red"), picture(photos, "green")
    query = Query(
        positives=(Example(red, 2.0),), negatives=(Example(green),), text="blue", text_weight=3.0
    )
    word = photos.encoder.embed_text(["blue"])[0]
    vectors = {
        item.id: vector
        for items, rows in photos.scan()
        for item, vector in zip(items, rows, strict=True)
    }
    asked = (2 * vectors[red] + 3 * word) / 5 - 0.5 * vectors[green]
    asked /= np.linalg.norm(asked)
    for hit in photos.search(query, 12):
        assert hit.score == pytest.approx(float(vectors[hit.id] @ asked), abs=1e-3)


def test_words_against_pictures(photos: Collection) -> None:
    red = picture(photos, "red")
    hits = photos.search(text="a photo", against=[red], k=12)
    assert colours(hits)[-EACH:] == ["red"] * EACH


def test_what_words_matched_is_explained(photos: Collection) -> None:
    found = photos.explain(Query(text="red"), picture(photos, "red"))
    assert found.query is None
    assert found.image.fall > 0


@pytest.mark.parametrize(
    ("text", "weight", "says"),
    [("  ", 1.0, "are empty"), ("red", 0.0, "above 0"), ("red", float("nan"), "above 0")],
)
def test_words_that_make_no_sense(photos: Collection, text: str, weight: float, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        photos.search(text=text, text_weight=weight)


def test_another_text_side_is_refused(photos: Collection, tmp_path: Path) -> None:
    changed = write_two_towers(tmp_path / "changed", context=76)
    with pytest.raises(EncoderMismatchError, match="the text side of two-towers is not the one"):
        lookalike.open(photos.location, model=changed)


def test_a_collection_that_knows_of_no_words(model: Path, tmp_path: Path) -> None:
    """As one was made before its encoder had any: it stays in use, by pictures."""
    write_colours(tmp_path / "pictures", 1)
    with lookalike.open(tmp_path / "c", model=model) as made:
        made.index(tmp_path / "pictures")
    with sqlite3.connect(tmp_path / "c" / "collection.sqlite") as database:
        (value,) = database.execute("SELECT encoder FROM layers").fetchone()
        encoder = json.loads(value)
        del encoder["text"]
        database.execute("UPDATE layers SET encoder = ?", [json.dumps(encoder)])
    database.close()
    with lookalike.open(tmp_path / "c", model=model) as photos:
        assert not photos.status().text
        assert colours(photos.search(picture(photos, "red"), k=1)) == ["red"]
        with pytest.raises(QueryError, match="understands no words"):
            photos.search(text="red")
