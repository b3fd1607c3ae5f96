"""docs/http.md says what is so: its commands run, its JSON has the real fields."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from lookalike.server.routes import search as search_route
from lookalike.server.routes import uploads as uploads_route
from tests.conftest import PROJECT

TEXT = (PROJECT / "docs" / "http.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("curl ") and "http://localhost:8765" in line
]


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_run(
    command: str, address: str, query: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("no curl on this machine")
    for module in (search_route, uploads_route):
        monkeypatch.setattr(module, "fetch", lambda *_, **__: query.read_bytes())
    shutil.copy(query, tmp_path / "photo.jpg")
    words = shlex.split(command.replace("http://localhost:8765", address))[1:]
    # Older releases of curl lack --json, which is these three.
    if "--json" in words:
        place = words.index("--json")
        words[place : place + 1] = ["-H", "Content-Type: application/json", "--data"]
    done = subprocess.run(
        [curl, "-sS", "--fail", "--noproxy", "*", *words],
        cwd=tmp_path,
        capture_output=True,
        timeout=30,
        check=False,
    )
    if "--max-time" in words:  # a stream has no end of its own
        assert (done.returncode, done.stderr[:9]) == (28, b"curl: (28")
        assert done.stdout.startswith(b": here")
        return
    assert (done.returncode, done.stderr) == (0, b"")
    if "-o" not in words and "/metrics" not in command:
        assert json.loads(done.stdout)


def test_its_json_has_the_real_fields(client: TestClient, query: Path) -> None:
    search, explained, upload, images, facets, indexing, error = (
        json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    )
    real: Any = client.post("/api/search", json={"id": 1}).json()
    assert (set(search), set(search["hits"][0])) == (set(real), set(real["hits"][0]))
    real = client.post("/api/explain", json={"id": 1, "image": 2}).json()
    assert (set(explained), set(explained["image"])) == (set(real), set(real["image"]))
    real = client.post("/api/uploads", files={"file": query.read_bytes()}).json()
    assert set(upload) == set(real)
    real = client.get("/api/images?limit=1").json()
    assert (set(images), set(images["images"][0])) == (set(real), set(real["images"][0]))
    real = client.get("/api/facets").json()
    assert set(facets) == set(real)
    assert set(facets["folders"][0]) == set(real["folders"][0])
    assert set(facets["dates"][0]) == set(real["dates"][0])
    real = client.post("/api/index", json={}).json()
    assert (set(indexing), set(indexing["job"])) == (set(real), set(real["job"]))
    assert client.post("/api/search", json={}).json() == error


def test_every_route_is_documented(client: TestClient) -> None:
    paths: dict[str, dict[str, object]] = client.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in TEXT


def test_every_folder_of_the_page_is_described() -> None:
    static = PROJECT / "src" / "lookalike" / "server" / "static"
    page = (PROJECT / "docs" / "page.md").read_text(encoding="utf-8")
    for item in static.iterdir():
        if item.is_dir():
            assert f"`{item.name}/`" in page
        elif item.suffix == ".js":
            assert f"`{item.name}`" in page
