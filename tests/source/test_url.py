"""Fetching from addresses: a real server on loopback, and names that lead where they must not."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lookalike import source
from lookalike.errors import SourceError
from lookalike.source import fetch, is_url

PICTURE = b"\xff\xd8picture bytes" * 1000


class Pages(BaseHTTPRequestHandler):
    """What the server gives, by path."""

    def do_GET(self) -> None:
        name = self.path.strip("/").replace("-", "_")
        getattr(self, f"give_{name}", self.give_nothing)()

    def give_picture(self) -> None:
        self.answer(200, PICTURE)

    def give_nothing(self) -> None:
        self.answer(404, b"nothing here")

    def give_empty(self) -> None:
        self.answer(200, b"")

    def give_large(self) -> None:
        self.answer(200, b"x" * 300_000)

    def give_endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 65536)

    def give_moved(self) -> None:
        self.redirect("/picture")

    def give_loop(self) -> None:
        self.redirect("/loop")

    def give_to_file(self) -> None:
        self.redirect("file:///etc/passwd")

    def give_slow_body(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.drip()

    def give_slow_head(self) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        self.drip()

    def give_silence(self) -> None:
        self.server.stopping.wait(20)  # type: ignore[attr-defined]

    def give_half(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"half")

    def give_page(self) -> None:
        self.answer(200, b"<html>", **{"Content-Type": "text/html; charset=utf-8"})

    def give_typed(self) -> None:
        self.answer(200, PICTURE, **{"Content-Type": "IMAGE/JPEG; q=1"})

    def give_untyped(self) -> None:
        self.answer(200, PICTURE, **{"Content-Type": "application/octet-stream"})

    def give_bomb(self) -> None:
        bomb = gzip.compress(gzip.compress(bytes(10**6)))
        self.answer(200, bomb, **{"Content-Type": "image/png", "Content-Encoding": "gzip, gzip"})

    def give_agent(self) -> None:
        self.answer(200, self.headers["User-Agent"].encode())

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def redirect(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.end_headers()

    def drip(self) -> None:
        for _ in range(400):
            self.wfile.write(b"x")
            self.wfile.flush()
            if self.server.stopping.wait(0.05):  # type: ignore[attr-defined]
                return

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Pages)
        self.stopping = threading.Event()
        self.asked = 0

    def verify_request(self, *_: object) -> bool:
        self.asked += 1
        return True

    def handle_error(self, *_: object) -> None:
        pass  # a client that hangs up is what several tests are about


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.stopping.set()
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def base(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_a_picture_is_fetched(base: str) -> None:
    assert fetch(f"{base}/picture", allow_private=True) == PICTURE
    assert source.read(f"{base}/picture") == PICTURE
    assert fetch(f"{base}/agent", allow_private=True) == b"lookalike"


@pytest.mark.parametrize("path", ["typed", "untyped"])
def test_pictures_go_by_several_types(base: str, path: str) -> None:
    assert fetch(f"{base}/{path}", allow_private=True) == PICTURE


def test_redirects_are_followed(base: str) -> None:
    assert fetch(f"{base}/moved", allow_private=True) == PICTURE


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("loop", "redirects"),
        ("nowhere", "status 404"),
        ("empty", "no content"),
        ("to-file", "cannot fetch"),
        ("half", "cannot fetch"),
        ("page", "is text/html, not a picture"),
        ("bomb", "arrives compressed"),
    ],
)
def test_what_is_no_picture_is_an_error(base: str, path: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        fetch(f"{base}/{path}", allow_private=True)


@pytest.mark.parametrize("path", ["large", "endless"])
def test_a_body_over_the_limit_is_refused(base: str, path: str) -> None:
    with pytest.raises(SourceError, match="larger than the limit"):
        fetch(f"{base}/{path}", allow_private=True, max_bytes=200_000)


def test_a_body_at_the_limit_is_taken(base: str) -> None:
    assert len(fetch(f"{base}/large", allow_private=True, max_bytes=300_000)) == 300_000


@pytest.mark.parametrize("path", ["slow-body", "slow-head", "silence"])
def test_the_whole_transfer_has_a_deadline(base: str, path: str) -> None:
    started = time.monotonic()
    with pytest.raises(SourceError, match="took too long"):
        fetch(f"{base}/{path}", allow_private=True, timeout_s=0.5)
    assert time.monotonic() - started < 3


def test_a_closed_port_is_an_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceError, match="cannot fetch"):
        fetch(f"http://127.0.0.1:{port}/", allow_private=True)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/a.jpg",
        "http://",
        "http:///a.jpg",
        "http://[::1",
        "http://]/",
        "https://a..b/",
        "http://" + "a" * 70 + ".invalid/",
        "http://example.com:99999999/",
        "http://\udcff.invalid/",
        "just/a/path.jpg",
        "",
    ],
)
@pytest.mark.parametrize("allow_private", [True, False])
def test_what_is_no_address_is_refused(url: str, allow_private: bool) -> None:
    with pytest.raises(SourceError):
        fetch(url, allow_private=allow_private)


def test_addresses_are_told_from_paths() -> None:
    assert is_url("http://a/b")
    assert is_url("HTTPS://a/b")
    assert not is_url("/a/http://b")
    assert not is_url("http.jpg")
    assert not is_url("file:///a")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        # Metadata services of the clouds, in plain and in disguise.
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "169.254.170.2",
        "2852039166",
        "0xa9fea9fe",
        "0xa83f8110",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b::a83f:8110]",
        "[64:ff9b:1::a9fe:a9fe]",
        "[::ffff:168.63.129.16]",
        "[::ffff:0:a9fe:a9fe]",
        "[2002:a83f:8110::]",
        "[3fff::1]",
        "[4000::1]",
        "[fe80::1]",
        "[fc00::1]",
        "[fec0::1]",
        "[ff02::1]",
    ],
)
def test_addresses_that_are_not_public_are_refused(server: Server, host: str) -> None:
    before = server.asked
    with pytest.raises(SourceError, match=r"not a public address|not known|cannot fetch") as error:
        fetch(f"http://{host}:{server.server_port}/picture")
    assert server.asked == before, "it was connected to"
    if host not in ("0177.0.0.1", "0x7f.1"):  # some systems' resolvers do not know these spellings
        assert "not a public address" in str(error.value)


class Names:
    """A name service of our own: what a name means, and where connections really went."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, list[list[str]]] = {}
        self.connected: list[str] = []
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._getaddrinfo)

    def _getaddrinfo(self, host: Any, port: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name in self.answers:
            turns = self.answers[name]
            addresses = turns.pop(0) if len(turns) > 1 else turns[0]
            return [
                (
                    socket.AF_INET6 if ":" in address else socket.AF_INET,
                    socket.SOCK_STREAM,
                    6,
                    "",
                    (address, port, 0, 0) if ":" in address else (address, port),
                )
                for address in addresses
            ]
        return self._real(host, port, *args, **options)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return Names(monkeypatch)


@pytest.fixture
def public_loopback(monkeypatch: pytest.MonkeyPatch, names: Names) -> Names:
    """The test's server under a public address, 93.184.215.14."""
    real = socket.create_connection

    def connect(address: tuple[str, int], *args: Any, **options: Any) -> socket.socket:
        names.connected.append(address[0])
        place = "127.0.0.1" if address[0] == "93.184.215.14" else address[0]
        return real((place, address[1]), *args, **options)

    monkeypatch.setattr(socket, "create_connection", connect)
    names.answers["pictures.example"] = [["93.184.215.14"]]
    return names


def test_a_public_name_is_fetched(public_loopback: Names, server: Server) -> None:
    url = f"http://pictures.example:{server.server_port}"
    assert fetch(f"{url}/picture") == PICTURE
    assert fetch(f"{url}/moved") == PICTURE
    assert set(public_loopback.connected) == {"93.184.215.14"}


def test_a_name_that_means_a_private_address_is_refused(names: Names, server: Server) -> None:
    names.answers["inside.example"] = [["192.168.1.1"]]
    names.answers["mixed.example"] = [["93.184.215.14", "127.0.0.1"]]
    for host in names.answers:
        with pytest.raises(SourceError, match="not a public address"):
            fetch(f"http://{host}:{server.server_port}/picture")


def test_a_redirect_from_public_to_private_is_refused(
    public_loopback: Names, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = f"http://127.0.0.1:{server.server_port}/picture"
    monkeypatch.setattr(Pages, "give_inside", lambda page: page.redirect(target), raising=False)
    with pytest.raises(SourceError, match="not a public address"):
        fetch(f"http://pictures.example:{server.server_port}/inside")
    assert public_loopback.connected == ["93.184.215.14"]


def test_a_name_whose_meaning_changes_is_connected_to_where_it_was_checked(
    public_loopback: Names, server: Server
) -> None:
    public_loopback.answers["pictures.example"] = [["93.184.215.14"], ["127.0.0.1"]]
    assert fetch(f"http://pictures.example:{server.server_port}/picture") == PICTURE
    assert public_loopback.connected == ["93.184.215.14"]


def test_the_address_that_the_system_prefers_is_used(
    public_loopback: Names, server: Server
) -> None:
    public_loopback.answers["pictures.example"] = [["93.184.215.14", "2606:2800::1"]]
    assert fetch(f"http://pictures.example:{server.server_port}/picture") == PICTURE
    public_loopback.answers["pictures.example"] = [["93.184.215.14", "1.1.1.1"]]
    assert fetch(f"http://pictures.example:{server.server_port}/picture") == PICTURE
    assert set(public_loopback.connected) == {"93.184.215.14"}
