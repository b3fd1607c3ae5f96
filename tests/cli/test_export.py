"""lookalike export, and --out of search and duplicates."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np

from tests.support.pictures import write_gallery
from tests.support.process import run, run_json


def test_a_collection_and_what_was_found_as_files(tmp_path: Path, tiny_model: Path) -> None:
    pictures = write_gallery(tmp_path / "pictures", 5)
    shutil.copy(pictures[0], tmp_path / "pictures" / "again.jpg")
    made = ("-c", tmp_path / "c")
    run_json("index", tmp_path / "pictures", *made, "--model", tiny_model)

    answer = run_json("export", tmp_path / "all.npz", *made, "--where", "format=PNG")
    assert answer == {"file": str(tmp_path / "all.npz"), "images": 2}
    with np.load(tmp_path / "all.npz") as arrays:
        assert sorted(arrays["paths"]) == sorted(map(str, (pictures[1], pictures[3])))

    hits = run_json("search", pictures[2], *made, "-k", 3, "--out", tmp_path / "hits.jsonl")["hits"]
    lines = [json.loads(line) for line in (tmp_path / "hits.jsonl").read_text().splitlines()]
    assert [line["path"] for line in lines] == [hit["path"] for hit in hits]

    groups = run_json("duplicates", *made, "--out", tmp_path / "groups.csv")
    assert groups["total"] == 1
    with open(tmp_path / "groups.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["kind"] for row in rows] == ["identical", "identical"]

    done = run("export", tmp_path / "all.xlsx", *made)
    assert done.returncode == 1
    assert b"says no format" in done.stderr
