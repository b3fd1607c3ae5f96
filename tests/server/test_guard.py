"""Who may ask, how much may be sent, and what browsers are told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from lookalike import Collection
from lookalike.server import guard


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:1", "LOCALHOST:8765", "127.0.0.1:80", "[::1]", "[::1]:9"]
)
def test_this_machine_may_ask(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8765",
        "localhost:80@evil.example",
        "127.0.0.2",
        "0.0.0.0:8765",
        "192.168.1.5:8765",
        "localhost.",
        "",
    ],
)
def test_other_names_are_refused(client: TestClient, host: str) -> None:
    for path in ("/", "/api/status", "/static/app.js", "/api/images/1"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 403
        assert "localhost" in answer.json()["error"]


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://localhost:9999",
        "http://127.0.0.1:8765",
        "http://localhost",
        "",
        "file://",
    ],
)
def test_posts_of_other_pages_are_refused(client: TestClient, origin: str) -> None:
    answer = client.post("/api/search", json={"id": 1}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "error" in answer.json()


def test_posts_of_the_own_page_and_of_scripts_are_taken(client: TestClient) -> None:
    own = {"Origin": "http://localhost:8765"}
    assert client.post("/api/search", json={"id": 1}, headers=own).status_code == 200
    assert client.post("/api/search", json={"id": 1}).status_code == 200


def test_no_answer_allows_other_origins(client: TestClient) -> None:
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    for answer in (
        client.get("/api/status", headers=asked),
        client.options("/api/search", headers=asked),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/static/app.js", "/api/status", "/api/images/1", "/nothing", "/metrics"]
)
def test_security_headers_are_on_everything(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src" not in policy  # so default-src is in force
    assert policy.startswith(("default-src 'self'", "default-src 'none'"))
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in headers


def test_refusals_have_the_headers_too(client: TestClient) -> None:
    answer = client.get("/", headers={"Host": "evil.example"})
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_unforeseen_error_is_one_sentence(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, collection: Collection
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(collection, "search", fail)
    answer = client.post("/api/search", json={"id": 1})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert set(answer.json()) == {"error"}
    assert answer.headers["x-content-type-options"] == "nosniff"


class TestUploads:
    """The limit is made small here; the rule is the same."""

    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(guard, "MAX_UPLOAD_BYTES", 200_000)
        monkeypatch.setattr(guard, "_MULTIPART_OVERHEAD", 1_000)

    def test_too_much_by_its_own_account(self, client: TestClient) -> None:
        answer = client.post("/api/search", files={"file": b"x" * 300_000})
        assert answer.status_code == 413
        assert "smaller" in answer.json()["error"]

    def test_too_much_without_saying_so(self, client: TestClient) -> None:
        def parts() -> Iterator[bytes]:
            yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
            for _ in range(30):
                yield b"x" * 10_000
            yield b"\r\n--b--\r\n"

        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = client.post("/api/search", content=parts(), headers=kind)
        assert answer.status_code == 413
        assert "error" in answer.json()

    def test_an_absurd_length(self, client: TestClient) -> None:
        headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": "9" * 40}
        assert client.post("/api/search", content=b"", headers=headers).status_code == 413

    def test_enough_is_enough(self, client: TestClient, query: Path) -> None:
        assert client.post("/api/search", files={"file": query.read_bytes()}).status_code == 200
