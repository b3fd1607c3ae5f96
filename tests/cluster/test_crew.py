"""Runs on a cluster of two nodes come to what one process comes to, whatever dies on the way."""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lookalike
from lookalike.types import IndexProgress
from tests.cluster.workers import Blind, Mortal, running
from tests.support.content import Alone, assert_same, content, write_mixture
from tests.support.pictures import encoded, write_gallery, write_picture

actors = pytest.importorskip("lookalike.cluster.actors", reason="Ray is not installed")

pytestmark = pytest.mark.usefixtures("two_nodes")


@pytest.fixture
def photos(tmp_path: Path, tiny_model: Path) -> Any:
    with lookalike.open(tmp_path / "c", model=tiny_model) as opened:
        yield opened


@pytest.fixture
def small_parcels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many parcels, and a progress after each, so that something happens in their midst."""
    monkeypatch.setattr("lookalike.crew.crew.PICTURES", 8)
    monkeypatch.setattr("lookalike.indexer.progress._EVERY_S", 0.0)


def test_a_run_comes_to_what_one_process_comes_to(
    tmp_path: Path, photos: lookalike.Collection, alone: Alone
) -> None:
    folder = tmp_path / "pictures"
    write_mixture(folder)
    summary = photos.index(folder, ray="auto", worker_cpus=1)
    expected, reasons = alone(folder)
    assert (summary.added, summary.updated, summary.unchanged) == (101, 0, 0)
    assert {skip.path: skip.reason for skip in summary.skipped} == reasons
    assert_same(content(photos), expected)


def test_what_is_known_is_not_encoded_again(tmp_path: Path, photos: lookalike.Collection) -> None:
    folder = tmp_path / "pictures"
    write_gallery(folder, 30)
    photos.index(folder)
    ids = {stored.file.path: stored.id for stored in photos.browse(0, 100)}
    (folder / "0000.jpg").rename(folder / "moved.jpg")
    shutil.copy(folder / "0003.png", folder / "copy.png")
    os.utime(folder / "0006.jpg", ns=(1, 1))
    write_picture(folder / "0009.png", 900, "PNG")
    write_picture(folder / "new.png", 901, "PNG")
    encoded: list[int] = []
    summary = photos.index(folder, ray="auto", on_progress=lambda now: encoded.append(now.encoded))
    assert encoded[-1] == 2
    assert (summary.added, summary.updated, summary.removed) == (2, 2, 0)
    now = {stored.file.path: stored.id for stored in photos.browse(0, 100)}
    assert now[str(folder / "moved.jpg")] == ids[str(folder / "0000.jpg")]
    assert len(now) == 32
    assert photos.index(folder, ray="auto").unchanged == 32


def test_what_workers_cannot_see_is_sent_to_them(
    tmp_path: Path, photos: lookalike.Collection, alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pictures"
    write_mixture(folder)
    monkeypatch.setattr(actors, "Worker", Blind)
    summary = photos.index(folder, ray="auto", worker_cpus=1)
    expected, reasons = alone(folder)
    assert {skip.path: skip.reason for skip in summary.skipped} == reasons
    assert_same(content(photos), expected)


@pytest.mark.parametrize("scheme", ["memory", "file"])
def test_objects_are_fetched_by_workers_or_sent_to_them(
    tmp_path: Path, photos: lookalike.Collection, alone: Alone, scheme: str
) -> None:
    files = pytest.importorskip("fsspec").filesystem(scheme)
    folder = f"{tmp_path}/pictures"
    if scheme == "file":
        Path(folder).mkdir()
    files.pipe({f"{folder}/{n}.jpg": encoded(n) for n in range(9)} | {f"{folder}/x.png": b"bad"})
    root = f"{scheme}://{folder}"
    summary = photos.index(root, ray="auto", worker_cpus=1)
    expected, reasons = alone(root)
    assert len(expected) == 9
    assert {skip.path: skip.reason for skip in summary.skipped} == reasons
    assert_same(content(photos), expected)


def test_a_picture_that_kills_its_workers_costs_itself_alone(
    tmp_path: Path, photos: lookalike.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pictures"
    write_gallery(folder, 6)
    write_picture(folder / "deadly.jpg", 500)
    monkeypatch.setattr(actors, "Worker", Mortal)
    summary = photos.index(folder, ray="auto", worker_cpus=1)
    [skip] = summary.skipped
    assert skip.path == str(folder / "deadly.jpg")
    assert "has died" in skip.reason
    assert summary.added == 6


def once_encoded(act: Callable[[], None]) -> Callable[[IndexProgress], None]:
    """A listener that acts once, as soon as something was encoded."""
    done: list[bool] = []

    def listen(now: IndexProgress) -> None:
        if now.encoded and not done:
            done.append(True)
            act()

    return listen


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the workers")
@pytest.mark.usefixtures("small_parcels")
def test_a_worker_killed_on_the_way_loses_and_doubles_nothing(
    tmp_path: Path, photos: lookalike.Collection, alone: Alone
) -> None:
    folder = tmp_path / "pictures"
    write_gallery(folder, 200)
    killed: list[int] = []

    def kill() -> None:
        killed.append(running()[0])
        os.kill(killed[0], signal.SIGKILL)

    summary = photos.index(folder, ray="auto", worker_cpus=1, on_progress=once_encoded(kill))
    assert killed
    assert (summary.added, summary.updated, summary.skipped) == (200, 0, [])
    assert_same(content(photos), alone(folder)[0])


@pytest.mark.usefixtures("small_parcels")
def test_a_node_killed_on_the_way_loses_and_doubles_nothing(
    tmp_path: Path, photos: lookalike.Collection, alone: Alone, two_nodes: Any
) -> None:
    folder = tmp_path / "pictures"
    write_gallery(folder, 200)
    [node] = two_nodes.worker_nodes
    killed: list[object] = []

    def kill() -> None:
        killed.append(two_nodes.remove_node(node, allow_graceful=False))

    summary = photos.index(folder, ray="auto", worker_cpus=1, on_progress=once_encoded(kill))
    two_nodes.add_node(num_cpus=1, object_store_memory=128 * 2**20)
    assert killed
    assert (summary.added, summary.updated, summary.skipped) == (200, 0, [])
    assert_same(content(photos), alone(folder)[0])
