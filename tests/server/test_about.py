"""Status, health, metrics, and the documentation."""

import re
import threading
from dataclasses import asdict
from html.parser import HTMLParser

import httpx2
import pytest
from fastapi.testclient import TestClient

from lookalike import Collection, Query


def test_status_is_that_of_the_library(client: TestClient, collection: Collection) -> None:
    status = collection.status()
    body = client.get("/api/status").json()
    assert body.pop("bytes") > 0
    assert body == {
        "collection": status.collection,
        "model": {
            "name": "tiny",
            "sha256": status.model.sha256,
            "dimension": status.dimension,
        },
        "dimension": status.dimension,
        "images": status.images,
        "skipped": 0,
        "roots": status.roots,
        "offline": [],
        "text": False,
        "calibrated": False,
        "encoders": [asdict(each) for each in status.encoders],
        "calibration": None,
        "skipped_files": [],
    }


def requests(method: str, route: str, status: int, count: float) -> str:
    labels = f'method="{method}",route="{route}",status="{status}"'
    return f"lookalike_http_requests_total{{{labels}}} {count}"


def test_metrics_count_by_route(client: TestClient, collection: Collection) -> None:
    client.post("/api/search", json={"id": 1})
    client.post("/api/search", json={"id": 999_999})
    client.get("/api/images/1/thumbnail")
    client.get("/api/images/2/thumbnail")
    client.get("/nothing/1")
    client.get("/nothing/2")
    client.request("BREW", "/")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    for expected in (
        requests("POST", "/api/search", 200, 1.0),
        requests("POST", "/api/search", 404, 1.0),
        requests("GET", "/api/images/{id}/thumbnail", 200, 2.0),
        requests("GET", "other", 404, 2.0),
        'lookalike_search_seconds_count{query="id"} 1.0',
        f"lookalike_pictures {float(collection.status().images)}",
    ):
        assert expected in lines
    assert "BREW" not in answer.text


def test_health_answers_while_searches_run(
    address: str, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    search_for = collection.search
    begun = threading.Event()

    def slow(query: Query, k: int, *, offset: int) -> object:
        begun.set()
        assert go_on.wait(20)
        return search_for(query, k, offset=offset)

    monkeypatch.setattr(collection, "search", slow)
    answers: list[int] = []

    def search() -> None:
        answers.append(httpx2.post(f"{address}/api/search", json={"id": 1}, timeout=30).status_code)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        assert begun.wait(20)
        assert httpx2.get(f"{address}/healthz", timeout=5).json() == {"status": "ok"}
    finally:
        go_on.set()
        for thread in threads:
            thread.join()
    assert answers == [200] * 4


def test_the_schema_names_every_route_and_its_errors(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert set(schema["paths"]) == {
        "/api/search",
        "/api/images",
        "/api/export",
        "/api/export/duplicates",
        "/api/images/{id}",
        "/api/images/{id}/details",
        "/api/labels",
        "/api/images/{id}/labels",
        "/api/images/{id}/suggestions",
        "/api/images/{id}/thumbnail",
        "/api/map",
        "/api/map/sheets/{number}",
        "/api/index",
        "/api/index/events",
        "/api/encoders",
        "/api/encoders/{number}",
        "/api/encoders/{number}/compare",
        "/api/encoders/{number}/switch",
        "/api/folders",
        "/api/duplicates",
        "/api/duplicates/tidied",
        "/api/duplicates/tidy",
        "/api/duplicates/undo",
        "/api/explain",
        "/api/facets",
        "/api/collections",
        "/api/uploads",
        "/api/uploads/{upload}/preview",
        "/api/status",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    search = schema["paths"]["/api/search"]["post"]
    assert set(search["requestBody"]["content"]) == {"multipart/form-data", "application/json"}
    assert {"200", "400", "404", "413", "415", "422", "502"} <= set(search["responses"])
    assert "HTTPValidationError" not in str(schema)


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name in ("href", "src")]
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_ask_for_nothing_from_elsewhere(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = _Addresses()
    page.feed(answer.text)
    assert "style" not in page.tags
    for address in page.found:
        assert address.startswith(("/", "#"))
        if address.startswith("/"):
            assert client.get(address).status_code == 200


def test_the_docs_show_every_route(client: TestClient) -> None:
    text = client.get("/docs").text
    for path in client.get("/openapi.json").json()["paths"]:
        assert f"<code>{path}</code>" in text
    targets = set(re.findall(r'href="#(\w+)"', text))
    assert targets <= set(re.findall(r'id="(\w+)"', text))


def test_the_files_of_the_page_are_cached_by_their_tag(client: TestClient) -> None:
    answer = client.get("/static/app.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    again = client.get("/static/app.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
