"""The encoders of a collection over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import lookalike
from lookalike import Collection
from lookalike.server import create_app
from tests.support.pictures import write_gallery


@pytest.fixture
def photos(tiny_model: Path, tmp_path: Path) -> Iterator[Collection]:
    write_gallery(tmp_path / "pictures", 8)
    with lookalike.open(tmp_path / "c", model=tiny_model) as opened:
        opened.index(tmp_path / "pictures")
        yield opened


@pytest.fixture
def client(photos: Collection) -> Iterator[TestClient]:
    with TestClient(create_app(photos), base_url="http://localhost") as opened:
        yield opened


def test_from_one_encoder_to_another(client: TestClient, photos: Collection) -> None:
    first = client.get("/api/encoders").json()
    assert [(each["number"], each["answers"]) for each in first["encoders"]] == [(1, True)]
    assert "compact" in first["available"]
    added = client.post("/api/encoders", json={"model": "compact"})
    assert added.status_code == 201
    assert [each["lacking"] for each in added.json()["encoders"]] == [0, 8]
    assert client.post("/api/encoders/2/switch", json={}).status_code == 409
    photos.encoders.fill()
    assert [each["lacking"] for each in client.get("/api/status").json()["encoders"]] == [0, 0]
    switched = client.post("/api/encoders/2/switch", json={})
    assert [each["answers"] for each in switched.json()["encoders"]] == [False, True]
    assert client.get("/api/status").json()["model"]["name"] == "compact"
    found = client.post("/api/search", json={"id": 3, "k": 1}).json()
    assert found["hits"][0]["id"] == 3
    dropped = client.delete("/api/encoders/1")
    assert [each["number"] for each in dropped.json()["encoders"]] == [2]


def test_two_encoders_side_by_side(client: TestClient, photos: Collection) -> None:
    assert client.post("/api/encoders/1/compare", json={}).status_code == 409, "it answers"
    client.post("/api/encoders", json={"model": "compact"})
    empty = client.post("/api/encoders/2/compare", json={})
    assert (empty.status_code, "fill the new one first" in empty.json()["error"]) == (409, True)
    photos.encoders.fill()
    found = client.post("/api/encoders/2/compare", json={"sample": 4}).json()
    again = photos.encoders.compare(2, 4)
    assert (found["sample"], found["overlap"]) == (4, pytest.approx(again.overlap))
    assert list(found["found_again"]) == ["tiny", "compact"]
    assert found["found_again"] == pytest.approx(again.found_again)
    assert [
        {
            "asked": each["asked"]["id"],
            "nearest": {n: [i["id"] for i in rows] for n, rows in each["nearest"].items()},
        }
        for each in found["examples"]
    ] == [{"asked": each.asked, "nearest": each.nearest} for each in again.examples]
    assert found["examples"][0]["asked"]["path"].endswith((".jpg", ".png"))
    assert client.post("/api/encoders/2/compare", json={"sample": 0}).status_code == 422
    assert client.post("/api/encoders/9/compare", json={}).status_code == 404


def test_what_is_refused(client: TestClient) -> None:
    assert client.post("/api/encoders", json={"model": "/etc"}).status_code == 422
    assert client.post("/api/encoders/9/switch", json={}).status_code == 404
    assert client.delete("/api/encoders/9").status_code == 404
    assert client.delete("/api/encoders/1").status_code == 409
    foreign = {"Origin": "http://elsewhere.example"}
    assert client.delete("/api/encoders/1", headers=foreign).status_code == 403
    assert client.post("/api/encoders", json={"model": "compact"}).status_code == 201
    assert client.post("/api/encoders", json={"model": "compact"}).status_code == 422
