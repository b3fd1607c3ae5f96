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
