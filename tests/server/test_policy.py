"""A server that others can reach: its token, its names, its limits, its log."""

import json
import logging
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn
from fastapi.testclient import TestClient

from lookalike import Collection, LookalikeError
from lookalike.server import Policy, create_app, deadlines, serve

TOKEN = "correct horse battery staple"
Open = Callable[[Policy], TestClient]


@pytest.fixture
def open_client(collection: Collection) -> Iterator[Open]:
    """Makes clients of servers with policies of their own."""
    clients = []

    def opened(policy: Policy) -> TestClient:
        app = create_app(collection, policy=policy)
        client = TestClient(app, base_url="http://localhost:8765", raise_server_exceptions=False)
        clients.append(client)
        return client

    yield opened
    for client in clients:
        client.close()


@pytest.fixture
def guarded(open_client: Open) -> TestClient:
    return open_client(Policy(token=TOKEN, addresses=True, names=frozenset({"photos.local"})))


def test_others_are_served_with_a_token_only(collection: Collection) -> None:
    for policy in (None, Policy(token="short")):
        with pytest.raises(LookalikeError, match="token"):
            serve(collection, host="0.0.0.0", policy=policy)


@pytest.mark.parametrize("path", ["/api/status", "/api/images/1", "/metrics", "/docs", "/nothing"])
def test_nothing_without_the_token(guarded: TestClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "lookalike=" + "0" * 64}):
        answer = guarded.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "token" in answer.json()["error"]


def test_everything_with_the_token(guarded: TestClient) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for _ in range(20):
        assert guarded.get("/api/status", headers=headers).status_code == 200
    assert guarded.post("/api/search", json={"id": 1}, headers=headers).status_code == 200
    assert guarded.get("/healthz").status_code == 200


def test_a_browser_logs_in(guarded: TestClient) -> None:
    to_login = guarded.get("/", headers={"Accept": "text/html"}, follow_redirects=False)
    assert (to_login.status_code, to_login.headers["location"]) == (303, "/login")
    page = guarded.get("/login")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    own = {"Origin": "http://localhost:8765"}
    assert guarded.post("/login", data={"token": "wrong"}, headers=own).status_code == 401
    answer = guarded.post("/login", data={"token": TOKEN}, headers=own, follow_redirects=False)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert TOKEN not in cookie
    assert guarded.get("/api/status").status_code == 200
    other = {"Origin": "http://evil.example"}
    assert guarded.post("/login", data={"token": TOKEN}, headers=other).status_code == 403


def test_guesses_are_slowed_down(guarded: TestClient) -> None:
    wrong = {"Authorization": "Bearer wrong"}
    answers = [guarded.get("/api/status", headers=wrong) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) > 0
    assert guarded.post("/login", data={"token": TOKEN}).status_code == 429


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("192.168.1.5:8765", 401),
        ("[fd00::1]:8765", 401),
        ("photos.local:8765", 401),
        ("localhost", 401),
        ("evil.example", 403),
        ("192.168.1.5.evil.example", 403),
        ("", 403),
    ],
)
def test_which_names_it_goes_by(guarded: TestClient, host: str, status: int) -> None:
    assert guarded.get("/api/status", headers={"Host": host}).status_code == status


def test_web_addresses_can_be_turned_off(open_client: Open) -> None:
    client = open_client(Policy(fetches=False))
    url = "http://192.0.2.1/a.jpg"
    for path, body in (
        ("/api/search", {"url": url}),
        ("/api/search", {"id": 1, "negatives": [{"url": url}]}),
        ("/api/uploads", {"url": url}),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code == 403
        assert "fetches no addresses" in answer.json()["error"]
    assert client.post("/api/search", json={"id": 1}).status_code == 200


def test_a_client_that_asks_too_often_is_told_when_to_come_again(open_client: Open) -> None:
    client = open_client(Policy(rate=0.01, burst=3))
    answers = [client.post("/api/search", json={"id": 1}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 100
    assert client.get("/api/status").status_code == 200, "what only reads is not counted"


def test_what_cannot_even_wait_is_told_to_come_again(open_client: Open) -> None:
    client = open_client(Policy(turns=1, waiting=0))
    answer = client.post("/api/search", json={"id": 1})
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"


def test_an_answer_that_takes_too_long_is_given_up(
    open_client: Open, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(collection, "search", lambda *_, **__: go_on.wait(30) and [])
    client = open_client(Policy(answer_s=0.1, body_s=0.1))
    answer = client.post("/api/search", json={"id": 1})
    go_on.set()
    assert answer.status_code == 503
    assert "retry-after" in answer.headers


def test_lines_of_the_log_tell_routes_and_never_what_was_sent(
    guarded: TestClient, caplog: pytest.LogCaptureFixture, query: Path
) -> None:
    caplog.set_level(logging.INFO)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    sent = {"file": ("secret-name.jpg", query.read_bytes())}
    answer = guarded.post("/api/search?token=secret-query", files=sent, headers=headers)
    guarded.get("/secret-path", headers=headers)
    lines = [json.loads(r.message) for r in caplog.records if r.name == "lookalike.requests"]
    assert [line["status"] for line in lines] == [200, 404]
    assert lines[0]["request"] == answer.headers["x-request-id"]
    assert (lines[0]["method"], lines[0]["route"]) == ("POST", "/api/search")
    assert lines[0]["bytes_in"] > len(query.read_bytes())
    for secret in ("secret", TOKEN, "correct"):
        assert not [r for r in caplog.records if r.name[:9] == "lookalike" and secret in r.message]


class Served:
    """A real server with a policy, in a thread; its address as (host, port)."""

    def __init__(self, collection: Collection, policy: Policy) -> None:
        config = uvicorn.Config(
            create_app(collection, policy=policy),
            port=0,
            log_config=None,
            ws="none",
            http=deadlines.ImpatientProtocol,
            timeout_graceful_shutdown=20,
        )
        self.server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self.server.run)

    def __enter__(self) -> tuple[str, int]:
        self._thread.start()
        deadline = time.monotonic() + 60
        while not self.server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.02)
        return "127.0.0.1", self.server.servers[0].sockets[0].getsockname()[1]

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self._thread.join(60)


def read_all(client: socket.socket) -> bytes:
    client.settimeout(60)
    received = b""
    while part := client.recv(65536):
        received += part
    return received


def test_a_body_that_does_not_arrive_is_given_up(collection: Collection) -> None:
    head = (
        b"POST /api/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1000\r\n\r\n{"
    )
    with (
        Served(collection, Policy(silence_s=0.2)) as place,
        socket.create_connection(place) as slow,
    ):
        slow.sendall(head)
        answer = read_all(slow)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_headers_that_do_not_arrive_are_given_up(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "_HEAD_S", 0.2)
    with Served(collection, Policy()) as place:
        for start in (b"", b"GET /api/sta", b"GET / HTTP/1.1\r\nHost: local"):
            with socket.create_connection(place) as slow:
                slow.sendall(start)
                assert read_all(slow) == b""


def test_what_is_under_way_is_finished_when_it_stops(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slowly(*_: object, **__: object) -> list[object]:
        inside.set()
        go_on.wait(30)
        return []

    monkeypatch.setattr(collection, "search", slowly)
    served = Served(collection, Policy())
    body = b'{"id": 1}'
    with served as place, socket.create_connection(place) as client:
        client.sendall(
            b"POST /api/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        assert inside.wait(30)
        served.server.should_exit = True
        go_on.set()
        assert read_all(client).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("named", [True, False])
def test_behind_a_proxy_that_was_named_every_client_has_its_own_rate(
    collection: Collection, named: bool
) -> None:
    policy = Policy(rate=0.001, burst=1, proxies=("127.0.0.0/8",) if named else ())
    ready: queue.Queue[str] = queue.Queue()
    stop: list[uvicorn.Server] = []
    run_server = uvicorn.Server.run

    def run(self: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        stop.append(self)
        run_server(self, sockets)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uvicorn.Server, "run", run)
        # Signals are the main thread's, so a server in another one takes none.
        thread = threading.Thread(
            target=lambda: serve(collection, port=0, on_ready=ready.put, policy=policy)
        )
        thread.start()
        try:
            address = ready.get(timeout=120)

            def search(client: str) -> int:
                return httpx2.post(
                    f"{address}api/search",
                    json={"id": 1},
                    headers={"X-Forwarded-For": client},
                    timeout=120,
                ).status_code

            got = [search("192.0.2.1"), search("192.0.2.2"), search("192.0.2.1")]
        finally:
            for server in stop:
                server.should_exit = True
            thread.join(120)
    assert got == ([200, 200, 429] if named else [200, 429, 429])
