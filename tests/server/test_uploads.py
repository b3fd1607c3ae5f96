"""POST /api/uploads and its previews."""

import io
import threading
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from lookalike import Collection
from lookalike.server.routes import uploads
from lookalike.source import content_digest
from tests.support.pictures import encoded


def test_a_picture_is_kept_and_shown_again(client: TestClient, query: Path) -> None:
    sent = client.post("/api/uploads", files={"file": ("my query.jpg", query.read_bytes())})
    body = sent.json()
    assert body == {
        "upload": content_digest(query.read_bytes()).hex(),
        "name": "my query.jpg",
        "width": 300,
        "height": 200,
    }
    preview = client.get(f"/api/uploads/{body['upload']}/preview?side=320")
    assert preview.headers["content-type"] == "image/jpeg"
    assert "immutable" in preview.headers["cache-control"]
    assert "sandbox" in preview.headers["content-security-policy"]
    with Image.open(io.BytesIO(preview.content)) as picture:
        assert picture.size == (300, 200)


def test_by_its_address(client: TestClient, query: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, bool]] = []

    def fetch(url: str, *, allow_private: bool) -> bytes:
        asked.append((url, allow_private))
        return query.read_bytes()

    monkeypatch.setattr(uploads, "fetch", fetch)
    url = "https://example.org/photo.jpg"
    body = client.post("/api/uploads", json={"url": url}).json()
    assert (body["name"], body["upload"]) == (url, content_digest(query.read_bytes()).hex())
    assert asked == [(url, False)]


def test_a_name_is_made_safe_to_show(client: TestClient, query: Path) -> None:
    names = {"file": ("a\u202eb<b>.jpg", query.read_bytes())}
    assert client.post("/api/uploads", files=names).json()["name"] == "a\\u202eb<b>.jpg"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"files": {"file": b"no picture"}}, 415),
        ({"files": {"file": b""}}, 415),
        ({"files": {"picture": b"x"}}, 422),
        ({"files": {"file": b"x"}, "data": {"k": "1"}}, 422),
        ({"data": {"file": "text"}, "files": {"other": b"x"}}, 422),
        ({"json": {}}, 422),
        ({"json": {"url": "file:///etc/passwd"}}, 422),
        ({"json": {"url": "https://example.org/" + "x" * 9000}}, 422),
        ({"json": {"url": "https://example.org/a.jpg", "path": "/etc/passwd"}}, 422),
        ({"json": {"url": "http://127.0.0.1:9/a.jpg"}}, 502),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"x" * 70_000, "headers": {"Content-Type": "application/json"}}, 413),
        ({"content": encoded(1), "headers": {"Content-Type": "image/jpeg"}}, 415),
        ({"content": b"--", "headers": {"Content-Type": "multipart/form-data"}}, 400),
    ],
)
def test_what_is_refused(
    client: TestClient, collection: Collection, body: dict[str, object], status: int
) -> None:
    answer = client.post("/api/uploads", **body)  # type: ignore[arg-type]
    assert (answer.status_code, set(answer.json())) == (status, {"error"})
    assert not [path for path in Path(collection.location).rglob("uploads/*") if "tmp" in path.name]


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("0" * 32, 404),
        ("0" * 31, 422),
        ("A" * 32, 422),
        ("..%2f..%2fcollection.sqlite", 404),
        ("0" * 31 + "\u0660", 422),
    ],
)
def test_tokens_that_are_none(client: TestClient, token: str, status: int) -> None:
    answer = client.get(f"/api/uploads/{token}/preview")
    assert (answer.status_code, set(answer.json())) == (status, {"error"})


def test_two_at_once(address: str) -> None:
    pictures = [encoded(number, width=900, height=700) for number in (900, 901)]
    answers: dict[int, str] = {}

    def send(number: int) -> None:
        answer = httpx2.post(
            f"{address}/api/uploads", files={"file": ("a.jpg", pictures[number])}, timeout=30
        )
        answers[number] = answer.json()["upload"]

    threads = [threading.Thread(target=send, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: content_digest(data).hex() for n, data in enumerate(pictures)}
