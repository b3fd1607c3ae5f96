"""GET /api/map and its sheets."""

import io

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from lookalike import Collection
from lookalike.atlas import Atlas
from tests.support.gate import until


def test_the_map(client: TestClient, collection: Collection) -> None:
    until(lambda: client.get("/api/map").status_code == 200)
    body = client.get("/api/map").json()
    assert len(body["ids"]) == len(body["x"]) == len(body["y"]) == len(collection)
    assert all(0 <= value <= 1 for value in body["x"] + body["y"])
    assert body["current"] is True
    assert body["cells"] == {"side": 48, "columns": 32, "rows": 32, "sheets": 1}
    address = f"/api/map/sheets/0?version={body['version']}"
    until(lambda: client.get(address).status_code == 200)
    sheet = client.get(address)
    assert sheet.headers["content-type"] == "image/jpeg"
    assert "immutable" in sheet.headers["cache-control"]
    assert "immutable" not in client.get("/api/map/sheets/0").headers["cache-control"]
    with Image.open(io.BytesIO(sheet.content)) as picture:
        assert picture.size == (32 * 48, 3 * 48)


def test_while_it_is_made(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Atlas, "places", lambda _: None)
    answer = client.get("/api/map")
    assert (answer.status_code, answer.json()) == (202, {"making": True})
    assert answer.headers["retry-after"] == "1"
    monkeypatch.setattr(Atlas, "sheet", lambda *_: ("v", None))
    assert client.get("/api/map/sheets/0").status_code == 202


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/map/sheets/-1", 422),
        ("/api/map/sheets/99999999999", 422),
        ("/api/map/sheets/x", 422),
        ("/api/map/sheets/7", 404),
        ("/api/map/sheets/..%2fplaces.npz", 404),
        ("/api/map/sheets/0?version=..%2f..", 404),
    ],
)
def test_sheets_that_are_none(client: TestClient, address: str, status: int) -> None:
    until(lambda: client.get("/api/map").status_code == 200)
    answer = client.get(address)
    assert (answer.status_code, set(answer.json())) == (status, {"error"})
