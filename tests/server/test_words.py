"""Words over HTTP, with an encoder that takes them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from lookalike import Collection
from lookalike.server import create_app
from tests.server.conftest import WORDED
from tests.support.two_towers import COLOURS


@pytest.fixture
def worded_client(worded: Collection) -> Iterator[TestClient]:
    with TestClient(create_app(worded), base_url="http://localhost:8765") as answered:
        yield answered


def of_colour(photos: Collection, name: str) -> list[int]:
    return [item.id for item in photos.browse() if Path(item.file.path).name.startswith(name)]


def test_words_are_searched_by(worded_client: TestClient, worded: Collection) -> None:
    assert worded_client.get("/api/status").json()["text"] is True
    for name in COLOURS:
        answer = worded_client.post("/api/search", json={"text": f"a {name} photo", "k": WORDED})
        assert answer.status_code == 200
        found = answer.json()
        assert {hit["id"] for hit in found["hits"]} == set(of_colour(worded, name))
        assert found["query"] == f"“a {name} photo”"
        assert found["total"] == 3 * WORDED
        assert all(hit["likeness"] is None for hit in found["hits"])


def test_words_and_a_file_in_one_form(worded_client: TestClient, worded: Collection) -> None:
    (red, *_), blue = of_colour(worded, "red"), of_colour(worded, "blue")
    answer = worded_client.post(
        "/api/search",
        files={"file": worded.read_image(red)},
        data={"text": "blue", "text_weight": "5", "k": "1"},
    )
    assert answer.json()["hits"][0]["id"] in blue
    weightless = worded_client.post("/api/search", json={"text": "blue", "text_weight": 0})
    assert weightless.status_code == 422
    blank = worded_client.post("/api/search", json={"text": "  "})
    assert (blank.status_code, "are empty" in blank.json()["error"]) == (422, True)
