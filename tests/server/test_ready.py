"""Live and ready are two things: what is told when the store, or the encoder, is out of reach."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import lookalike
from lookalike import Collection
from lookalike.server import Policy, create_app
from tests.support.model import make_model
from tests.support.pictures import write_gallery

READY = {"status": "ready"}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "model")


@pytest.fixture
def photos(model: Path, tmp_path: Path) -> Iterator[Collection]:
    write_gallery(tmp_path / "pictures", 4)
    with lookalike.open(tmp_path / "c", model=model) as made:
        made.index(tmp_path / "pictures")
    with lookalike.open(tmp_path / "c") as opened:  # as a server would begin
        yield opened


@pytest.fixture
def client(photos: Collection) -> Iterator[TestClient]:
    app = create_app(photos, policy=Policy(token="a token that is long enough"))
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as answered:
        yield answered


def test_a_store_out_of_reach_is_told_with_503_until_it_is_back(
    client: TestClient, photos: Collection, tmp_path: Path
) -> None:
    known = {"Authorization": "Bearer a token that is long enough"}
    (tmp_path / "c").rename(tmp_path / "away")
    refused = client.get("/readyz")
    assert refused.status_code == 503
    assert refused.json() == {
        "error": "the store of a collection is out of reach: the log says why"
    }
    assert refused.headers["Retry-After"] == "5"
    assert client.get("/healthz").json() == {"status": "ok"}
    for answer in (
        client.post("/api/search", json={"id": 1}, headers=known),
        client.get("/api/images", headers=known),
    ):
        assert answer.status_code == 503
        assert answer.json()["error"].startswith("the collection cannot be reached")
        assert answer.headers["Retry-After"] == "5"
    assert "lookalike_pictures NaN" in client.get("/metrics", headers=known).text

    (tmp_path / "away").rename(tmp_path / "c")
    assert client.get("/readyz").json() == READY
    assert client.post("/api/search", json={"id": 1}, headers=known).status_code == 200
    assert "lookalike_pictures 4.0" in client.get("/metrics", headers=known).text


def test_an_encoder_whose_file_is_gone_is_told(
    client: TestClient, photos: Collection, model: Path
) -> None:
    assert client.get("/readyz").json() == READY
    shutil.move(model / "model.onnx", model / "gone")
    refused = client.get("/readyz")
    assert refused.status_code == 503
    assert refused.json() == {
        "error": "the encoder of a collection is out of reach: the log says why"
    }
    shutil.move(model / "gone", model / "model.onnx")
    assert client.get("/readyz").json() == READY
