"""Films over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import lookalike
from lookalike.server.app import create_app
from tests.support.films import write_film


@pytest.fixture
def client(tmp_path: Path, tiny_model: Path) -> Iterator[TestClient]:
    (tmp_path / "pictures").mkdir()
    write_film(tmp_path / "pictures" / "film.mp4")
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(tmp_path / "pictures")
        with TestClient(create_app(photos), base_url="http://localhost:8765") as answered:
            yield answered


def test_a_frame_names_its_moment(client: TestClient) -> None:
    images = client.get("/api/images").json()["images"]
    assert [int(image["frame"]) for image in images] == [1, 3, 5]
    assert client.get(f"/api/images/{images[1]['id']}/details").json()["format"] == "MP4"
    tags = {client.get(f"/api/images/{image['id']}/thumbnail").headers["etag"] for image in images}
    assert len(tags) == 3
    hits = client.post("/api/search", json={"id": images[0]["id"], "k": 3}).json()["hits"]
    assert {hit["frame"] for hit in hits} == {image["frame"] for image in images}


def test_the_film_is_sent_in_parts(client: TestClient, tmp_path: Path) -> None:
    data = (tmp_path / "pictures" / "film.mp4").read_bytes()
    whole = client.get("/api/images/1")
    assert (whole.status_code, whole.content) == (200, data)
    assert whole.headers["content-type"] == "video/mp4"
    assert "sandbox" in whole.headers["content-security-policy"]
    assert "film.mp4" in whole.headers["content-disposition"]
    part = client.get("/api/images/1", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, data[10:20])
    again = client.get("/api/images/1", headers={"If-None-Match": whole.headers["etag"]})
    assert again.status_code == 304


def test_searching_by_a_film_that_is_sent(client: TestClient, tmp_path: Path) -> None:
    data = (tmp_path / "pictures" / "film.mp4").read_bytes()
    files = {"file": ("my film.mp4", data, "video/mp4")}
    for at, second in ((None, 1), ("3.6", 3), ("5.5", 5)):
        fields = {"k": "1"} if at is None else {"k": "1", "at": at}
        found = client.post("/api/search", files=files, data=fields)
        assert found.status_code == 200, found.text
        assert int(found.json()["hits"][0]["frame"]) == second
    kept = client.post("/api/uploads", files=files).json()
    assert (kept["width"], kept["height"]) == (96, 64)
    shown = client.get(f"/api/uploads/{kept['upload']}/preview")
    assert shown.headers["content-type"] == "image/jpeg"
    named = {"positives": [{"upload": kept["upload"], "at": 5.5}], "k": 1, "preview": True}
    answer = client.post("/api/search", json=named).json()
    assert int(answer["hits"][0]["frame"]) == 5
    assert answer["preview"].startswith("data:image/jpeg")
    refused = client.post("/api/search", json={"text": "x", "at": 1})
    assert refused.status_code == 422
