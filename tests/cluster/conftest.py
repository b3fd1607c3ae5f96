"""A Ray cluster of two nodes on this machine, and what a run on it should come to."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lookalike
from lookalike.cluster import connect


@pytest.fixture(scope="session", name="two_nodes")
def _two_nodes() -> Iterator[Any]:
    """The cluster; this process is connected to it. Every node has one core."""
    os.environ.update(connect._QUIET)
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    options: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 128 * 2**20}
    cluster: Any = Cluster(
        initialize_head=True, head_node_args={**options, "include_dashboard": False}
    )
    cluster.add_node(**options)
    ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.CRITICAL)
    cluster.wait_for_nodes(timeout=120)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


Content = dict[str, tuple[bytes, int, int, list[str], bytes]]


def content(photos: lookalike.Collection) -> Content:
    """Digest, size, time stamp, labels and embedding of each picture; none is there twice."""
    found: Content = {}
    for files, vectors in photos.scan():
        labels = photos.labels([stored.id for stored in files])
        for stored, vector in zip(files, vectors, strict=True):
            file = stored.file
            assert file.path not in found
            said = labels.get(stored.id, [])
            found[file.path] = (file.digest, file.size, file.mtime_ns, said, vector.tobytes())
    return found


def assert_same(left: Content, right: Content) -> None:
    """Equal, and embeddings within what the arithmetic allows."""
    assert left.keys() == right.keys()
    for path, (*record, vector) in left.items():
        assert record == [*right[path][:-1]]
        a, b = np.frombuffer(vector, np.float32), np.frombuffer(right[path][-1], np.float32)
        assert float(a @ b) == pytest.approx(1, abs=1e-3)


@pytest.fixture
def alone(tmp_path: Path, tiny_model: Path) -> Any:
    """What this process makes of a folder by itself: content, and reasons of skipped files."""

    def run(folder: Path | str) -> tuple[Content, dict[str, str]]:
        with lookalike.open(tmp_path / "alone", model=tiny_model) as photos:
            summary = photos.index(folder)
            return content(photos), {skip.path: skip.reason for skip in summary.skipped}

    return run
