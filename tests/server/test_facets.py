"""GET /api/facets, as a client sees it."""

import json
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from lookalike import Collection
from tests.server.albums import ids_of


def facets(client: TestClient, **where: object) -> Any:
    answer = client.get("/api/facets", params={"where": json.dumps(where)} if where else {})
    assert answer.status_code == 200
    return answer.json()


def test_all_there_is_to_filter_by(
    albums_client: TestClient, albums: Collection, tmp_path: Path
) -> None:
    one, two = ids_of(albums, "beach")[:2]
    albums.set_labels({one: ["Sea", "sun"], two: ["sea"]})
    root = tmp_path / "albums"
    found = facets(albums_client)
    assert found["folders"] == [
        {"name": str(root), "count": 19},
        {"name": str(root / "beach"), "count": 7},
        {"name": str(root / "city"), "count": 6},
        {"name": str(root / "snow"), "count": 6},
    ]
    assert found["formats"] == [{"name": "JPEG", "count": 18}, {"name": "PNG", "count": 1}]
    assert found["labels"] == [{"name": "Sea", "count": 2}, {"name": "sun", "count": 1}]
    assert found["cameras"] == [
        {"name": "Canon EOS R5", "count": 12},
        {"name": "NIKON D850", "count": 6},
    ]
    taken = {"2019-07": 6, "2021-03": 6, "2021-12": 6}
    dates = {each["month"]: each["count"] for each in found["dates"]}
    assert taken.items() <= dates.items()
    assert sum(dates.values()) == found["total"] == 19


def test_a_list_leaves_its_own_field_out(albums_client: TestClient, tmp_path: Path) -> None:
    found = facets(albums_client, folder=str(tmp_path / "albums" / "city"), format=["JPEG"])
    assert found["total"] == 6
    assert len(found["folders"]) == 4
    assert found["formats"] == [{"name": "JPEG", "count": 6}]
    assert found["cameras"] == [{"name": "NIKON D850", "count": 6}]
    assert found["dates"] == [{"month": "2021-03", "count": 6}]


def test_what_is_no_filter_is_refused(albums_client: TestClient) -> None:
    answer = albums_client.get("/api/facets", params={"where": '{"colour": "red"}'})
    assert answer.status_code == 422
    assert "colour" in answer.json()["error"]
