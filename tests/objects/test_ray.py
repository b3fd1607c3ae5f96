"""Objects are fetched by the workers of a Ray cluster, not by who started the run."""

import json
from pathlib import Path

import pytest

import lookalike
from tests.objects.conftest import Bucket
from tests.support.process import start

_DRIVER_READS_NOTHING = """
from lookalike.crew import crew
crew.read_media = None
"""


def test_workers_fetch_objects_themselves(bucket: Bucket, tmp_path: Path, tiny_model: Path) -> None:
    pytest.importorskip("ray")
    for number in range(30):
        bucket.draw(f"in/{number}.jpg", number)
    bucket.put("in/bad.jpg", b"no picture")
    folder = tmp_path / "c"
    running = start(
        [
            *("index", bucket.address("in"), "-c", folder, "--model", tiny_model),
            *("--ray", "local", "--json"),
        ],
        _DRIVER_READS_NOTHING,
    )
    out, told = running.communicate(timeout=300)
    assert running.returncode == 0, told
    summary = json.loads(out)
    assert summary["added"] == 30
    assert [skip["path"] for skip in summary["skipped"]] == [bucket.address("in/bad.jpg")]
    with lookalike.open(folder) as photos:
        best = photos.search(bucket.address("in/7.jpg"), 1)[0]
        assert best.path == bucket.address("in/7.jpg")
