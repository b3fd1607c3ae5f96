"""POST /api/explain, as a client sees it."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from lookalike import Collection
from lookalike.server.routes import search as search_route
from tests.server.albums import ids_of


def test_heat_over_both(client: TestClient, collection: Collection) -> None:
    answer = client.post("/api/explain", json={"id": 3, "image": 9}).json()
    [hit] = [hit for hit in collection.search(3, 90) if hit.id == 9]
    assert answer["score"] == pytest.approx(hit.score, abs=2e-3)
    for side, image_id in (("query", 3), ("image", 9)):
        heat, file = answer[side], collection.image_file(image_id).file
        assert (heat["width"], heat["height"]) == (file.width, file.height)
        assert heat["part"] == [0, 0, 1, 1]
        rows = heat["heat"]
        assert 30 <= len(rows) * len(rows[0]) <= 80
        assert {len(row) for row in rows} == {len(rows[0])}
        assert 0 <= min(map(min, rows)) <= max(map(max, rows)) <= 1


def test_every_way_to_ask(client: TestClient, query: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_route, "fetch", lambda *_, **__: query.read_bytes())
    token = client.post("/api/uploads", files={"file": query.read_bytes()}).json()["upload"]
    asked = {"upload": token, "crop": [0.5, 0, 0.5, 1], "negatives": [{"id": 4}]}
    one = client.post("/api/explain", json={**asked, "image": 1}).json()
    assert one["query"]["part"] == [0.5, 0, 0.5, 1]
    assert (one["query"]["width"], one["query"]["height"]) == (150, 200)
    by_url = {"positives": [{"url": "http://pictures.example/a.jpg", "weight": 2}], "image": 1}
    assert client.post("/api/explain", json=by_url).status_code == 200


def test_refusals_say_what_to_do(albums_client: TestClient, albums: Collection) -> None:
    def refused(**body: object) -> tuple[int, str]:
        answer = albums_client.post("/api/explain", json=body)
        return answer.status_code, answer.json()["error"]

    assert refused(image=1)[0] == 422
    assert refused(id=1) == (422, "image: field required")
    assert refused(id=1, image=999) == (404, "there is no picture 999 in the collection")
    assert refused(id=999, image=1)[0] == 404
    assert refused(id=1, image=2, k=10)[0] == 422
    assert refused(text="a red door", image=2)[0] == 422
    gone = ids_of(albums, "snow")[0]
    Path(albums.image_file(gone).file.path).unlink()
    status, sentence = refused(id=1, image=gone)
    assert status == 404
    assert f"picture {gone}" in sentence
