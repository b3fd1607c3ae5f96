"""A hub on loopback: what huggingface_hub needs of one to fetch a file, and ways to fail."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "c0ffee" * 6 + "c0ff"


@dataclass
class Hub:
    """Files by "owner/name/file", and what was asked for.

    Attributes:
        drop_after: the next answer to a GET breaks off after so many bytes; then all is well.
        stalled: set when that point is reached; the connection then hangs until `go_on`.
        requests: method, path and Range header of each request.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    drop_after: int | None = None
    stalled: threading.Event | None = None
    go_on: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def gets(self) -> list[str | None]:
        """The Range headers of the downloads, without what the client asks beside them."""
        return [
            range_
            for method, path, range_ in self.requests
            if method == "GET" and "/resolve/" in path
        ]


@contextmanager
def serve(files: dict[str, bytes]) -> Iterator[Hub]:
    """A running hub."""
    hub = Hub(dict(files))

    class Handler(_Handler):
        served = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: Hub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def _answer(self, *, body: bool) -> None:
        hub = self.served
        wanted = self.headers.get("Range")
        hub.requests.append((self.command, self.path, wanted))
        repo, _, rest = self.path.lstrip("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        data = hub.files.get(f"{repo}/{name}")
        if data is None or revision not in ("main", COMMIT):
            self.send_response(404)
            self.send_header(
                "X-Error-Code", "EntryNotFound" if data is None else "RevisionNotFound"
            )
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data) - start))
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        if not body:
            return
        if hub.drop_after is not None:
            self.wfile.write(data[start : start + hub.drop_after])
            self.wfile.flush()
            hub.drop_after = None
            if hub.stalled is not None:
                hub.stalled.set()
                hub.go_on.wait(60)
            self.close_connection = True
            self.connection.close()
            return
        self.wfile.write(data[start:])
