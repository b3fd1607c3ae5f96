"""JSON output: the promised shapes, and paths that survive the way to a script and back."""

import json
import os

from hypothesis import given
from hypothesis import strategies as st

from lookalike.present import index_json, search_json, status_json
from lookalike.types import SearchResult

from .samples import HOSTILE, hit, hostile_result, status, summary


def test_search_has_the_promised_shape() -> None:
    result = SearchResult("cat.jpg", [hit("/p/a.jpg", 0.75, number=7)], offset=20, total=99)
    assert search_json(result) == {
        "query": "cat.jpg",
        "hits": [
            {
                "id": 7,
                "path": "/p/a.jpg",
                "score": 0.75,
                "distance": 0.25,
                "width": 480,
                "height": 360,
                "format": "JPEG",
                "bytes": 1234,
                "modified": "2024-05-31T12:00:01Z",
                "digest": "0123456789abcdef" * 2,
                "taken": "2019-07-14T12:30:05",
                "offline": False,
                "frame": None,
                "likeness": None,
            }
        ],
        "offset": 20,
        "total": 99,
    }


def test_a_search_without_hits_has_an_empty_list() -> None:
    assert search_json(SearchResult("-", [])) == {
        "query": "-",
        "hits": [],
        "offset": 0,
        "total": 0,
    }


def test_index_has_the_promised_shape() -> None:
    assert index_json(summary(1)) == {
        "added": 1234,
        "updated": 2,
        "unchanged": 3,
        "removed": 4,
        "skipped": [{"path": "/p/0\n.jpg", "reason": "cut \x1b[1m short"}],
        "warnings": ["/media/usb is not mounted; nothing of it was removed"],
        "seconds": 83.4,
    }


def test_status_has_the_promised_shape() -> None:
    assert status_json(status()) == {
        "collection": "/home/me/c\udcff",
        "model": {"name": "resnet50", "sha256": "0123456789abcdef" * 4, "dimension": 2048},
        "dimension": 2048,
        "images": 3000,
        "skipped": 2,
        "bytes": 123_456_789,
        "roots": ["/p", "/q"],
        "offline": ["/q"],
        "rules": {
            "/p": {
                "include": (),
                "exclude": ("*.gif",),
                "links": "files",
                "hidden": False,
                "min_bytes": 20_000,
                "keywords": True,
            }
        },
        "text": False,
        "calibrated": False,
        "encoders": [],
        "skipped_files": [
            {"path": "/p/a\n.jpg", "reason": "empty"},
            {"path": "/p/b\udcff", "reason": "not a picture"},
        ],
    }


def test_hostile_paths_come_back_as_they_are() -> None:
    text = json.dumps(search_json(hostile_result()))
    assert text.isascii()
    assert [found["path"] for found in json.loads(text)["hits"]] == HOSTILE


@given(st.binary(min_size=1, max_size=60))
def test_any_file_name_survives_byte_for_byte(name: bytes) -> None:
    text = json.dumps(search_json(SearchResult("-", [hit(os.fsdecode(name))])))
    path = json.loads(text.encode("ascii"))["hits"][0]["path"]
    assert os.fsencode(path) == name
