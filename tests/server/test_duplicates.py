"""GET /api/duplicates, and hits that are folded."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import lookalike
from lookalike import Collection
from lookalike.server import create_app
from tests.support.changes import compressed
from tests.support.pictures import draw


@pytest.fixture(scope="module")
def photos(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    top = tmp_path_factory.mktemp("duplicates")
    folder = top / "pictures"
    folder.mkdir()
    for seed in range(6):
        draw(seed, 240, 180).save(folder / f"{seed}.png")
    shutil.copy(folder / "0.png", folder / "copy.png")
    compressed(40)(draw(1, 240, 180)).save(folder / "1.jpg", quality=40)
    with lookalike.open(top / "c", model=tiny_model) as photos:
        photos.index(folder)
        yield photos


@pytest.fixture
def client(photos: Collection) -> Iterator[TestClient]:
    with TestClient(create_app(photos), base_url="http://localhost:8765") as client:
        yield client


def names(photos: Collection, ids: list[int]) -> list[str]:
    return [Path(photos.image_file(image_id).file.path).name for image_id in ids]


def test_groups_with_their_best_copy_first(client: TestClient, photos: Collection) -> None:
    body = client.get("/api/duplicates?kind=identical").json()
    assert body["total"] == 1
    (group,) = body["groups"]
    assert group["kind"] == "identical"
    assert names(photos, [image["id"] for image in group["images"]]) == ["0.png", "copy.png"]
    assert group["best"] == group["images"][0]["id"]
    assert group["images"][0]["score"] == 1
    (near,) = client.get("/api/duplicates?kind=near").json()["groups"]
    assert names(photos, [image["id"] for image in near["images"]]) == ["1.png", "1.jpg"]


def test_pages_and_filters(client: TestClient) -> None:
    every = client.get("/api/duplicates").json()
    assert [g["kind"] for g in every["groups"]][:2] == ["identical", "near"]
    second = client.get("/api/duplicates?offset=1&limit=1").json()
    assert second == {"groups": every["groups"][1:2], "total": every["total"]}
    where = json.dumps({"format": ["JPEG"]})
    assert client.get("/api/duplicates", params={"where": where}).json()["total"] == 0
    assert client.get("/api/duplicates?kind=twins").status_code == 422


def test_folded_hits(client: TestClient, photos: Collection) -> None:
    query = next(item.id for item in photos.browse() if item.file.path.endswith("1.png"))
    plain = client.post("/api/search", json={"id": query, "k": 20}).json()["hits"]
    folded = client.post("/api/search", json={"id": query, "k": 20, "group": True}).json()["hits"]
    assert (len(plain), len(folded)) == (8, 6)
    assert not any("duplicates" in hit for hit in plain)
    assert names(photos, folded[0]["duplicates"]) == ["1.jpg"]


def test_the_answer_is_kept_until_the_collection_changes(
    photos: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = photos.duplicates()
    monkeypatch.setattr("lookalike.collection.find_duplicates", None)
    assert photos.duplicates() is first
    monkeypatch.setattr(type(photos._store), "state", lambda _: (0, 0))
    with pytest.raises(TypeError):
        photos.duplicates()
