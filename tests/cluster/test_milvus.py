"""A run on Ray into a Milvus server: a worker is killed, and every picture is there once."""

import os
import signal
import sys
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import lookalike
from lookalike.types import IndexProgress
from tests.cluster.workers import running
from tests.support import milvus
from tests.support.pictures import write_gallery

pytest.importorskip("ray", reason="Ray is not installed")

pytestmark = [
    pytest.mark.skipif(not milvus.is_there(), reason="the Milvus server is not installed"),
    pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the workers"),
    pytest.mark.usefixtures("two_nodes"),
]


def test_a_worker_killed_on_the_way_to_a_server(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Many parcels, and a progress after each, so that it happens in their midst.
    monkeypatch.setattr("lookalike.crew.crew.PICTURES", 8)
    monkeypatch.setattr("lookalike.indexer.progress._EVERY_S", 0.0)
    folder = tmp_path / "pictures"
    write_gallery(folder, 200)
    killed: list[int] = []

    def kill(now: IndexProgress) -> None:
        if now.encoded and not killed:
            killed.append(running()[0])
            os.kill(killed[0], signal.SIGKILL)

    address = f"{milvus.shared_address(tmp_path_factory)}/r_{uuid.uuid4().hex}"
    with lookalike.open(address, model=tiny_model) as photos:
        summary = photos.index(folder, ray="auto", worker_cpus=1, on_progress=kill)
        assert killed
        assert (summary.added, summary.updated, summary.skipped) == (200, 0, [])
        again = photos.index(folder, ray="auto", worker_cpus=1)
        assert (again.added, again.unchanged) == (0, 200)
        stored: Any = Counter(one.file.path for files, _ in photos.scan() for one in files)
    assert stored == Counter(str(path) for path in folder.rglob("*.*"))
