"""Indexing over HTTP: start, follow, stop; folders to choose."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

import lookalike
from lookalike import Collection
from tests.server.conftest import Live
from tests.support.away import SENTENCE, stores_away
from tests.support.gate import gate_before_encoder, until
from tests.support.pictures import write_gallery


@pytest.fixture
def photos(tiny_model: Path, tmp_path: Path) -> Iterator[Collection]:
    """A small collection of its own, so that it may grow."""
    write_gallery(tmp_path / "first", 5)
    with lookalike.open(tmp_path / "c", model=tiny_model) as opened:
        opened.index(tmp_path / "first")
        yield opened


@pytest.fixture
def server(photos: Collection) -> Iterator[str]:
    with Live(photos) as served:
        yield served


class Listener:
    """Reads a stream of events in a thread, as a browser's EventSource does."""

    def __init__(self, server: str, last_event_id: str = "") -> None:
        self.events: list[tuple[str, str, Any]] = []
        self.comments = 0
        self._stream = httpx2.stream(
            "GET",
            f"{server}/api/index/events",
            headers={"Last-Event-ID": last_event_id} if last_event_id else {},
            timeout=60,
        )
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "Listener":
        response = self._stream.__enter__()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        self._lines = response.iter_lines()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(60)
        self._stream.__exit__(None, None, None)

    def _read(self) -> None:
        fields: dict[str, str] = {}
        for line in self._lines:
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                self.events.append((fields["event"], fields["id"], json.loads(fields["data"])))
                if fields["event"] == "done":
                    return
                fields = {}

    def wait_for(self, name: str) -> None:
        until(lambda: any(event[0] == name for event in list(self.events)))

    def skipped(self) -> list[str]:
        return [
            os.path.basename(file["path"])
            for name, _, data in self.events
            if name == "skipped"
            for file in data["files"]
        ]


def test_a_folder_is_indexed_and_followed(server: str, photos: Collection, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    write_gallery(folder, 30, first_seed=100)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    assert httpx2.get(f"{server}/api/index").json() == {"job": None, "watch": None}
    with Listener(server) as listener:
        until(lambda: listener.comments)
        started = httpx2.post(f"{server}/api/index", json={"folders": [str(folder)]}, timeout=60)
        assert started.status_code == 202
        job = started.json()["job"]
        assert job["folders"] == [str(folder)]
        listener.wait_for("done")
    end = listener.events[-1][2]
    assert (end["id"], end["state"]) == (job["id"], "done")
    assert (end["done"], end["total"], end["encoded"], end["skipped"]) == (31, 31, 30, 1)
    assert end["summary"]["added"] == 30
    assert listener.skipped() == ["broken.jpg"]
    assert httpx2.get(f"{server}/api/index").json() == {"job": end, "watch": None}
    assert len(photos) == 35
    # Who comes back hears nothing twice; who is new hears it all.
    with Listener(server) as new:
        new.wait_for("done")
    assert new.skipped() == ["broken.jpg"]
    with Listener(server, listener.events[-1][1]) as back:
        back.wait_for("done")
    assert back.skipped() == []


def test_a_job_that_waits_says_so(server: str, photos: Collection) -> None:
    with stores_away() as back, Listener(server) as listener:
        started = httpx2.post(f"{server}/api/index", json={}, timeout=60).json()["job"]
        until(lambda: httpx2.get(f"{server}/api/index").json()["job"]["waiting"] == SENTENCE)
        back.set()
        listener.wait_for("done")
    assert started["error"] is None
    assert SENTENCE in [data["waiting"] for name, _, data in listener.events if name == "progress"]
    end = listener.events[-1][2]
    assert (end["state"], end["waiting"], end["summary"]["unchanged"]) == ("done", None, 5)


def test_search_goes_on_and_a_second_job_is_refused(
    server: str, photos: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.indexer.ledger._COMMIT_EVERY_S", 0.0)
    monkeypatch.setattr("lookalike.indexer.progress._EVERY_S", 0.0)
    write_gallery(tmp_path / "more", 200, first_seed=300)
    body = {"folders": [str(tmp_path / "more")]}
    with gate_before_encoder() as gate:
        assert httpx2.post(f"{server}/api/index", json=body, timeout=60).status_code == 202
        assert gate.reached.wait(60)
        busy = httpx2.post(f"{server}/api/index", json=body, timeout=60)
        assert busy.status_code == 409
        assert "stop it" in busy.json()["error"]
        gate.let_in(6)
        until(lambda: httpx2.get(f"{server}/api/status").json()["images"] > 5)
        newest = photos.browse(len(photos) - 1, 1)[0].id
        hits = httpx2.post(f"{server}/api/search", json={"id": newest, "k": 1}).json()["hits"]
        assert hits[0]["id"] == newest
        stopping = httpx2.delete(f"{server}/api/index").json()["job"]
        assert stopping["state"] == "stopping"
        gate.open()
        until(lambda: httpx2.get(f"{server}/api/index").json()["job"]["state"] == "stopped")
    kept = len(photos)
    assert 5 < kept < 205
    again = httpx2.post(f"{server}/api/index", json=body, timeout=60).json()["job"]
    assert again["id"] != stopping["id"]
    with Listener(server) as listener:
        listener.wait_for("done")
    assert listener.events[-1][2]["summary"]["added"] == 205 - kept


def test_two_start_at_once(server: str, tmp_path: Path) -> None:
    write_gallery(tmp_path / "more", 40, first_seed=100)
    answers: list[int] = []

    def start() -> None:
        body = {"folders": [str(tmp_path / "more")]}
        answers.append(httpx2.post(f"{server}/api/index", json=body, timeout=60).status_code)

    with gate_before_encoder():
        threads = [threading.Thread(target=start) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answers) == [202, 409]


def test_another_process_that_writes_is_told(
    server: str, photos: Collection, tmp_path: Path, tiny_model: Path
) -> None:
    write_gallery(tmp_path / "more", 20, first_seed=100)
    with lookalike.open(photos.location, model=tiny_model) as elsewhere, gate_before_encoder() as g:
        thread = threading.Thread(target=elsewhere.index, args=(tmp_path / "more",))
        thread.start()
        assert g.reached.wait(60)
        answer = httpx2.post(f"{server}/api/index", json={}, timeout=60)
        g.open()
        thread.join(60)
    assert (answer.status_code, set(answer.json())) == (409, {"error"})
    assert httpx2.get(f"{server}/api/index").json() == {"job": None, "watch": None}


def test_stopping_the_server_ends_the_job_and_the_stream(
    photos: Collection, tmp_path: Path
) -> None:
    write_gallery(tmp_path / "more", 60, first_seed=100)
    with gate_before_encoder() as gate, Live(photos) as server:
        httpx2.post(f"{server}/api/index", json={"folders": [str(tmp_path / "more")]}, timeout=60)
        assert gate.reached.wait(60)
        gate.open()
    assert photos.index().added >= 0, "the writer's lock is free again"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"folders": ["/no/such/folder"]}, 422),
        ({"folders": ["pictures"]}, 422),
        ({"folders": ["../../etc"]}, 422),
        ({"folders": ["/etc/passwd"]}, 422),
        ({"folders": ["/\x00"]}, 422),
        ({"folders": [""]}, 422),
        ({"folders": ["/" + "x" * 5000]}, 422),
        ({"folders": ["/tmp"] * 101}, 422),
        ({"folders": "/tmp"}, 422),
        ({"path": "/tmp"}, 422),
        ({"exclude": [7]}, 422),
    ],
)
def test_what_cannot_be_indexed(client: TestClient, body: dict[str, Any], status: int) -> None:
    answer = client.post("/api/index", json=body)
    assert (answer.status_code, set(answer.json())) == (status, {"error"})
    assert client.get("/api/index").json() == {"job": None, "watch": None}
    assert client.delete("/api/index").json() == {"job": None, "watch": None}


def test_a_collection_is_no_folder_of_pictures(client: TestClient, collection: Collection) -> None:
    answer = client.post("/api/index", json={"folders": [collection.location]})
    assert answer.status_code == 422
    assert "collection itself" in answer.json()["error"]


def test_folders_to_choose(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "in \u202e here").mkdir()
    body = client.post("/api/folders", json={"path": str(tmp_path)}).json()
    assert body["path"] == os.path.realpath(tmp_path)
    [folder] = body["folders"]
    assert folder["name"] == "in \\u202e here"
    assert os.path.isdir(folder["path"])
    assert client.post("/api/folders", json={"path": None}).status_code == 200
    assert client.post("/api/folders", json={"path": body["parent"]}).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"path": "/no/such/folder"}, 404),
        ({"path": "/etc/passwd"}, 404),
        ({"path": "relative"}, 404),
        ({"path": "/\x00"}, 404),
        ({"path": 7}, 422),
        ({"path": "/" * 5000}, 422),
        ({"folder": "/"}, 422),
    ],
)
def test_folders_that_cannot_be_looked_into(
    client: TestClient, body: dict[str, Any], status: int
) -> None:
    answer = client.post("/api/folders", json=body)
    assert (answer.status_code, set(answer.json())) == (status, {"error"})
