"""Tables as files, read back by other programs' readers."""

import csv
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lookalike
from lookalike.errors import ExportError
from lookalike.store import ExactStore
from lookalike.tables import group_table, hit_table, picture_table, write_table
from lookalike.types import DuplicateGroup, Hit, Where
from tests.support.records import DIM, encoder_identity, put, units


def hit(number: int, **changes: Any) -> Hit:
    values: dict[str, Any] = {
        "id": number,
        "path": f"/p/{number}.jpg",
        "score": 1 - number / 8,
        "width": 40,
        "height": 30,
        "format": "JPEG",
        "bytes": 1000 + number,
        "modified": datetime(2024, 5, 31, 12, 0, 1, tzinfo=UTC),
        "digest": f"{number:032x}",
        "taken": datetime(2020, 1, 2, 3, 4, 5) if number else None,
    }
    return Hit(**values | changes)


def read_csv(file: Path) -> list[dict[str, str]]:
    with open(file, encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def read_parquet(file: Path) -> list[dict[str, Any]]:
    parquet = pytest.importorskip("pyarrow.parquet")
    rows: list[dict[str, Any]] = parquet.read_table(file).to_pylist()
    return rows


def test_hits_as_csv(tmp_path: Path) -> None:
    file = tmp_path / "hits.csv"
    odd = hit(1, path='/p/a, "b"\nc.jpg', duplicates=(4, 5))
    assert lookalike.save([hit(0), odd], file) == 2
    first, second = read_csv(file)
    assert first == {
        "rank": "1",
        "score": "1.0",
        "distance": "0.0",
        "id": "0",
        "path": "/p/0.jpg",
        "width": "40",
        "height": "30",
        "format": "JPEG",
        "bytes": "1000",
        "modified": "2024-05-31T12:00:01Z",
        "taken": "",
        "offline": "False",
        "frame": "",
        "likeness": "",
        "duplicates": "",
        "orientation": "",
        **dict.fromkeys(("region_x", "region_y", "region_width", "region_height"), ""),
    }
    assert second["path"] == '/p/a, "b"\nc.jpg'
    assert (second["taken"], second["duplicates"]) == ("2020-01-02T03:04:05", "4; 5")


def test_hits_as_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "hits.jsonl"
    assert lookalike.save([hit(0), hit(2, path="/p/\udcff.jpg", likeness=0.5)], file) == 2
    first, second = (json.loads(line) for line in file.read_text("ascii").splitlines())
    assert (first["rank"], first["taken"], first["duplicates"]) == (1, None, None)
    assert (second["path"], second["likeness"], second["score"]) == ("/p/\udcff.jpg", 0.5, 0.75)


def test_groups_as_parquet(tmp_path: Path) -> None:
    file = tmp_path / "groups.parquet"
    groups = [DuplicateGroup("near", [hit(0), hit(1)]), DuplicateGroup("similar", [hit(2), hit(3)])]
    assert lookalike.save(groups, file) == 4
    rows = read_parquet(file)
    assert [(row["group"], row["kind"], row["best"], row["id"]) for row in rows] == [
        (1, "near", True, 0),
        (1, "near", False, 1),
        (2, "similar", True, 2),
        (2, "similar", False, 3),
    ]
    assert rows[1]["modified"] == datetime(2024, 5, 31, 12, 0, 1, tzinfo=UTC)
    assert [row["taken"] for row in rows[:2]] == [None, datetime(2020, 1, 2, 3, 4, 5)]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_nothing_found(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"none.{suffix}"
    assert write_table(file, hit_table([])) == 0
    assert write_table(file, group_table([])) == 0
    assert file.exists()


@pytest.fixture
def store() -> ExactStore:
    store = ExactStore(encoder_identity())
    names = ["/p/a.jpg", "/p/b.jpg", "/q/\udcff.jpg"]
    with store.write() as writer:
        writer.apply(put(*((name, content) for content, name in enumerate(names))))
    ids = [item.id for item in store.page(0, 9)]
    store.set_labels({ids[0]: ["beach", "=1+1"], ids[1]: ["=HYPERLINK()"]})
    return store


def test_pictures_with_their_labels(tmp_path: Path, store: ExactStore) -> None:
    file = tmp_path / "pictures.csv"
    assert write_table(file, picture_table(store)) == 3
    rows = read_csv(file)
    assert [row["path"] for row in rows] == ["/p/a.jpg", "/p/b.jpg", "/q/\\udcff.jpg"]
    # What a spreadsheet would run is text there.
    assert [row["labels"] for row in rows] == ["'=1+1; beach", "'=HYPERLINK()", ""]
    write_table(tmp_path / "some.jsonl", picture_table(store, Where(folder="/q")))
    (line,) = (tmp_path / "some.jsonl").read_text().splitlines()
    assert json.loads(line)["path"] == "/q/\udcff.jpg"


def test_embeddings_as_arrays(tmp_path: Path, store: ExactStore) -> None:
    file = tmp_path / "e.npz"
    assert write_table(file, picture_table(store, embeddings=True)) == 3
    with np.load(file) as arrays:
        assert arrays["ids"].tolist() == [item.id for item in store.page(0, 9)]
        assert arrays["paths"].tolist() == ["/p/a.jpg", "/p/b.jpg", "/q/\udcff.jpg"]
        assert arrays["embeddings"].dtype == np.float32
        np.testing.assert_array_equal(
            arrays["embeddings"], units(0, 1, 2).astype(np.float16).astype(np.float32)
        )


def test_embeddings_as_parquet(tmp_path: Path, store: ExactStore) -> None:
    file = tmp_path / "e.parquet"
    assert write_table(file, picture_table(store, embeddings=True)) == 3
    rows = read_parquet(file)
    assert [len(row["embedding"]) for row in rows] == [DIM] * 3
    np.testing.assert_allclose(rows[1]["embedding"], units(1)[0], atol=1e-3)
    assert rows[0]["labels"] == ["=1+1", "beach"]
    assert rows[2]["path"] == "/q/\\udcff.jpg"


def test_an_empty_store_has_no_embeddings_to_write(tmp_path: Path) -> None:
    empty = ExactStore(encoder_identity())
    for name in ("e.npz", "e.parquet"):
        assert write_table(tmp_path / name, picture_table(empty, embeddings=True)) == 0
    with np.load(tmp_path / "e.npz") as arrays:
        assert arrays["embeddings"].shape == (0, DIM)


def test_what_cannot_be_written_is_told(tmp_path: Path, store: ExactStore) -> None:
    with pytest.raises(ExportError, match=r"says no format: end its name in \.csv"):
        write_table(tmp_path / "a.xlsx", hit_table([]))
    with pytest.raises(ExportError, match=r"\.csv holds no embeddings"):
        write_table(tmp_path / "a.csv", picture_table(store, embeddings=True))
    with pytest.raises(ExportError, match=r"\.npz is for embeddings"):
        write_table(tmp_path / "a.npz", hit_table([]))
    with pytest.raises(ExportError, match="cannot be written: No such file"):
        write_table(tmp_path / "nowhere" / "a.csv", hit_table([]))
    assert list(tmp_path.iterdir()) == []


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExportError, match=r"pip install 'lookalike\[parquet\]'"):
        lookalike.save([hit(0)], tmp_path / "a.parquet")


def test_a_file_is_replaced_whole_or_stays(tmp_path: Path, store: ExactStore) -> None:
    file = tmp_path / "e.npz"
    file.write_bytes(b"before")
    with pytest.raises(ExportError):
        write_table(file, hit_table([]))
    assert file.read_bytes() == b"before"
    write_table(file, picture_table(store, embeddings=True))
    assert file.read_bytes() != b"before"
    assert list(tmp_path.iterdir()) == [file]
