"""Tidying up copies over HTTP: told, done, and taken back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import lookalike
from lookalike import Collection
from lookalike.server import create_app
from lookalike.server.routes import tidy
from tests.support.pictures import draw


@pytest.fixture
def photos(tiny_model: Path, tmp_path: Path) -> Iterator[Collection]:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed in range(4):
        draw(seed, 240, 180).save(folder / f"{seed}.png")
        shutil.copy(folder / f"{seed}.png", folder / f"{seed} copy.png")
    (tmp_path / "aside").mkdir()
    with lookalike.open(tmp_path / "c", model=tiny_model) as opened:
        opened.index(folder)
        yield opened


@pytest.fixture
def client(photos: Collection) -> Iterator[TestClient]:
    with TestClient(create_app(photos), base_url="http://localhost") as opened:
        yield opened


def copies(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "pictures").glob("* copy.png"))


def test_copies_are_moved_and_come_back(
    client: TestClient, tmp_path: Path, photos: Collection
) -> None:
    ask = {"action": "move", "folder": str(tmp_path / "aside")}
    told = client.post("/api/duplicates/tidy", json=ask).json()
    assert (len(told["steps"]), told["journal"], told["more"]) == (4, None, 0)
    assert len(copies(tmp_path)) == 4, "nothing is done unless it is said"
    best = client.get("/api/duplicates?kind=identical").json()["groups"][0]["best"]
    done = client.post("/api/duplicates/tidy", json={**ask, "best": [best], "yes": True}).json()
    assert [step["reason"] for step in done["steps"]] == [None]
    assert len(copies(tmp_path)) == 3
    rest = client.post("/api/duplicates/tidy", json={**ask, "yes": True}).json()
    assert len(rest["steps"]) == 3, "what is gone already is not tried again"
    assert copies(tmp_path) == []
    assert client.post("/api/duplicates/tidy", json={**ask, "yes": True}).json() == {
        "steps": [],
        "journal": None,
        "more": 0,
    }
    listed = client.get("/api/duplicates/tidied").json()["journals"]
    assert sorted(each["name"] for each in listed) == sorted([done["journal"], rest["journal"]])
    assert sorted(each["steps"] for each in listed) == [1, 3]
    for each in listed:
        undone = client.post("/api/duplicates/undo", json={"journal": each["name"]}).json()
        assert {step["reason"] for step in undone["steps"]} == {None}
    assert len(copies(tmp_path)) == 4


def test_identical_copies_become_one_file(client: TestClient, tmp_path: Path) -> None:
    done = client.post("/api/duplicates/tidy", json={"action": "link", "yes": True}).json()
    assert {step["reason"] for step in done["steps"]} == {None}
    folder = tmp_path / "pictures"
    assert (folder / "1 copy.png").samefile(folder / "1.png")
    again = client.post("/api/duplicates/tidy", json={"action": "link", "yes": True}).json()
    assert again["steps"] == []


def test_many_copies_take_several_requests(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidy, "MOST", 3)
    first = client.post("/api/duplicates/tidy", json={"action": "link", "yes": True}).json()
    assert (len(first["steps"]), first["more"]) == (3, 1)
    second = client.post("/api/duplicates/tidy", json={"action": "link", "yes": True}).json()
    assert (len(second["steps"]), second["more"]) == (1, 0)


def test_what_is_refused(client: TestClient, tmp_path: Path) -> None:
    move = {"action": "move", "yes": True}
    for folder in (None, "aside", str(tmp_path / "not there")):
        answer = client.post("/api/duplicates/tidy", json={**move, "folder": folder})
        assert answer.status_code == 422
    similar = {"action": "link", "kind": "similar"}
    assert client.post("/api/duplicates/tidy", json=similar).status_code == 422
    journal = {"journal": "../../etc/passwd"}
    assert client.post("/api/duplicates/undo", json=journal).status_code == 404
    foreign = {"Origin": "http://elsewhere.example"}
    link = {"action": "link", "yes": True}
    refused = client.post("/api/duplicates/tidy", json=link, headers=foreign)
    assert refused.status_code == 403
    with tidy._Turn():
        assert client.post("/api/duplicates/tidy", json=link).status_code == 409
    assert len(copies(tmp_path)) == 4
