"""GET /api/export."""

import csv
import io
import json

import numpy as np
from fastapi.testclient import TestClient

from lookalike import Collection


def test_pictures_as_files(client: TestClient, collection: Collection) -> None:
    answer = client.get("/api/export")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="pictures.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [int(row["id"]) for row in rows] == [item.id for item in collection.browse(0, 1000)]

    answer = client.get("/api/export", params={"format": "npz", "where": '{"format": ["JPEG"]}'})
    with np.load(io.BytesIO(answer.content)) as arrays:
        assert arrays["embeddings"].shape == (30, 64)

    answer = client.get("/api/export", params={"format": "jsonl"})
    assert len([json.loads(line) for line in answer.text.splitlines()]) == len(collection)


def test_what_cannot_be_exported(client: TestClient) -> None:
    answer = client.get("/api/export", params={"format": "csv", "embeddings": True})
    assert answer.status_code == 422
    assert "holds no embeddings" in answer.json()["error"]
    assert client.get("/api/export", params={"format": "xls"}).status_code == 422


def test_hits_as_files(client: TestClient, collection: Collection) -> None:
    answer = client.post("/api/export", json={"id": 1, "k": 5, "format": "jsonl"})
    assert answer.headers["content-disposition"] == 'attachment; filename="hits.jsonl"'
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["id"] for row in rows] == [hit.id for hit in collection.search(1, 5)]
    least = rows[2]["score"]
    answer = client.post("/api/export", json={"id": 1, "min_score": least, "all": True})
    found = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert len(found) >= 3
    assert all(float(row["score"]) >= least for row in found)
    refused = client.post("/api/export", json={"id": 1, "all": True})
    assert refused.status_code == 422
    assert "min_score" in refused.json()["error"]


def test_duplicates_as_files(client: TestClient, collection: Collection) -> None:
    answer = client.get("/api/export/duplicates", params={"kind": "similar", "format": "jsonl"})
    assert answer.headers["content-disposition"] == 'attachment; filename="duplicates.jsonl"'
    rows = [json.loads(line) for line in answer.text.splitlines()]
    groups = [group for group in collection.duplicates() if group.kind == "similar"]
    assert [row["id"] for row in rows] == [item.id for group in groups for item in group.images]
