"""Ctrl-C, SIGKILL and memory: real processes."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from lookalike.indexer import index
from lookalike.store import LocalStore
from tests.support.encoder import CountingEncoder
from tests.support.pictures import draw, write_gallery
from tests.support.process import ON_ONE_CORE, run_json, start

PROJECT = Path(__file__).parents[2]

_COMMIT_OFTEN = """
from lookalike.indexer import ledger
ledger._COMMIT_EVERY_S = 0.0
"""
"""So that an interruption has many moments to hit."""

_INDEX = """
import sys
from lookalike.indexer import index
from lookalike.store import LocalStore
from tests.support.encoder import CountingEncoder
store = LocalStore(sys.argv[1])
print("begin", flush=True)
summary = index(store, CountingEncoder(), [sys.argv[2]])
print(summary.added, summary.unchanged, flush=True)
store.close()
"""


def check(folder: Path) -> dict[str, int]:
    """The collection is whole; ids by path."""
    connection = sqlite3.connect(folder / "collection.sqlite")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("SELECT count(*) FROM images").fetchone() == (
        connection.execute("SELECT count(*) FROM vectors").fetchone()
    )
    connection.close()
    store = LocalStore(str(folder))
    files = [(item.file.path, item.id) for item in store.page(0, 10_000)]
    store.close()
    assert len(dict(files)) == len(files), "a picture is there twice"
    return dict(files)


def test_a_kill_at_any_moment_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    pictures, folder = tmp_path / "pictures", tmp_path / "c"
    write_gallery(pictures, 300)
    LocalStore.create(str(folder), CountingEncoder().identity, "").close()
    watcher = LocalStore(str(folder))
    committed: dict[str, int] = {}
    for moment in (0, 1, 60, 150):
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                ON_ONE_CORE + _COMMIT_OFTEN + _INDEX,
                str(folder),
                str(pictures),
            ],
            stdout=subprocess.PIPE,
            cwd=PROJECT,
        )
        assert process.stdout
        assert process.stdout.readline() == b"begin\n"
        deadline = time.monotonic() + 20
        while watcher.count() < moment and time.monotonic() < deadline:
            time.sleep(0.001)
        seen = watcher.count()
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        now = check(folder)
        assert len(now) >= max(seen, moment)
        assert now.items() >= committed.items(), "what was committed stays as it was"
        committed = now
    watcher.close()
    assert len(committed) < 300, "every kill came too late to interrupt anything"
    store = LocalStore(str(folder))
    summary = index(store, CountingEncoder(), [str(pictures)])
    assert (summary.added, summary.unchanged) == (300 - len(committed), len(committed))
    assert store.search(store.vectors([1]), 1000).ids.shape == (1, 300)
    store.close()
    assert check(folder).items() >= committed.items()


@pytest.fixture
def slow_pictures(tmp_path: Path) -> Path:
    """A hundred and twenty pictures that take a while to decode, as different files."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    large = folder / "00.png"
    draw(1, 1800, 1400).save(large, compress_level=1)
    data = large.read_bytes()
    for number in range(1, 120):
        (folder / f"{number:02d}.png").write_bytes(data + bytes([number]))
    return folder


def test_control_c_keeps_what_was_committed(
    tmp_path: Path, tiny_model: Path, slow_pictures: Path
) -> None:
    folder = tmp_path / "c"
    arguments = ["index", slow_pictures, "-c", folder, "--model", tiny_model]
    process = start(arguments, ON_ONE_CORE + _COMMIT_OFTEN)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if LocalStore.exists(str(folder)):
            store = LocalStore(str(folder))
            seen = store.count()
            store.close()
            if seen:
                break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == b""
    assert error.strip() == b"lookalike: stopped; what was committed stays"
    committed = check(folder)
    assert seen <= len(committed) < 120
    again = run_json("index", slow_pictures, "-c", folder)
    assert again["unchanged"] == len(committed)
    assert again["added"] == 120 - len(committed)
    assert check(folder).items() >= committed.items()


_MEASURE = """
import sys
from lookalike.indexer import index
from lookalike.store import LocalStore
from tests.support.encoder import CountingEncoder
encoder = CountingEncoder()
store = LocalStore.create(sys.argv[1], encoder.identity, "")
def peak():  # not ru_maxrss, which begins with the peak of the process that started this one
    return next(line.split()[1] for line in open("/proc/self/status") if "VmHWM" in line)
before = peak()
summary = index(store, encoder, [sys.argv[2]])
print(summary.added, before, peak())
store.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak")
def test_memory_does_not_grow_with_the_pictures(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    write_gallery(pictures, 300)
    # 40 million pixels take 160 MB decoded; two at a time fit the decoder's budget.
    large = pictures / "large.png"
    Image.new("RGB", (8000, 5000), (200, 30, 90)).save(large, compress_level=1)
    for number in range(2):
        (pictures / f"large{number}.png").write_bytes(large.read_bytes() + bytes([number]))
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(tmp_path / "c"), str(pictures)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=PROJECT,
        env={**os.environ, "MALLOC_ARENA_MAX": "2"},
    )
    added, before, peak = map(int, done.stdout.split())
    assert added == 303
    # At most 120 million pixels are held at 4 to 6 bytes each, whatever the number of files.
    assert (peak - before) / 1024 < 720
