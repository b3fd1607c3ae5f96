"""Several collections in one server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import lookalike
from lookalike import Collection
from lookalike.server import create_app
from tests.support.pictures import write_gallery


@pytest.fixture
def others(tiny_model: Path, tmp_path: Path) -> Iterator[list[Collection]]:
    """Two more collections whose folders have the same name."""
    opened = []
    for count, place in ((3, tmp_path / "a" / "photos"), (4, tmp_path / "b" / "photos")):
        write_gallery(tmp_path / f"pictures {count}", count)
        opened.append(lookalike.open(place, model=tiny_model))
        opened[-1].index(tmp_path / f"pictures {count}")
    yield opened
    for each in opened:
        each.close()


@pytest.fixture
def several(collection: Collection, others: list[Collection]) -> Iterator[TestClient]:
    app = create_app(collection, *others)
    with TestClient(app, base_url="http://localhost") as client:
        yield client


def test_they_are_listed_in_order(several: TestClient, collection: Collection) -> None:
    listed = several.get("/api/collections").json()["collections"]
    assert [each["name"] for each in listed] == ["c", "photos", "photos-2"]
    assert [each["images"] for each in listed] == [len(collection), 3, 4]
    assert listed[0]["path"] == collection.location
    assert listed[0]["model"]["name"] == "tiny"
    assert all(each["bytes"] > 0 for each in listed)


def test_every_route_answers_for_the_one_that_is_named(several: TestClient) -> None:
    for name, count in (("photos", 3), ("photos-2", 4)):
        there = f"?collection={name}"
        assert several.get(f"/api/status{there}").json()["images"] == count
        images = several.get(f"/api/images{there}").json()
        assert images["total"] == count
        known = images["images"][0]["id"]
        assert several.get(f"/api/images/{known}/thumbnail{there}").status_code == 200
        hits = several.post(f"/api/search{there}", json={"id": known, "k": 50}).json()["hits"]
        assert len(hits) == count


def test_the_first_is_meant_where_none_is_named(
    several: TestClient, collection: Collection
) -> None:
    assert several.get("/api/status").json()["collection"] == collection.location
    pictures = next(
        line
        for line in several.get("/metrics").text.splitlines()
        if line.startswith("lookalike_pictures ")
    )
    assert float(pictures.split()[1]) == len(collection) + 7


@pytest.mark.parametrize("name", ["nothing", "..", "photos/../c", ""])
def test_one_that_is_not_there(several: TestClient, name: str) -> None:
    answer = several.get("/api/status", params={"collection": name})
    assert answer.status_code == 404
    assert "photos-2" in answer.json()["error"]
