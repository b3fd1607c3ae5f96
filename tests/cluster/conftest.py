"""A Ray cluster of two nodes on this machine, and what a run on it should come to."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookalike.cluster import connect
from tests.support.content import Alone, in_threads


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


@pytest.fixture
def alone(tmp_path: Path, tiny_model: Path) -> Alone:
    """What this process makes of a folder by itself."""
    return in_threads(tmp_path / "alone", tiny_model)
