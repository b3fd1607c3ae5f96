"""Decoding in worker processes: the same pictures, and a codec that crashes costs one file."""

import io
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from lookalike.decode import Details, decode, details_of, isolated, thumbnail
from lookalike.errors import DecodeError
from lookalike.indexer import index
from lookalike.store import LocalStore
from tests.support.encoder import CountingEncoder
from tests.support.pictures import draw, encoded, write_gallery

_FRAGILE = """
import ctypes, time
from lookalike.decode import media, worker
real = media.decode
def fragile(data, *, at_least=None, frame=None):
    if b"SEGFAULT" in data:
        ctypes.string_at(0)
    if b"HANG" in data:
        time.sleep(1000)
    return real(data, at_least=at_least, frame=frame)
worker.decode = fragile
of = media.details_of
worker.details_of = lambda data: ctypes.string_at(0) if b"SEGFAULT" in data else of(data)
worker.work()
"""
FRAGILE = (sys.executable, "-c", _FRAGILE)
"""A worker whose codec reads where it must not, or never ends, on files with these words."""


@pytest.mark.parametrize("codec", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("at_least", [None, 8])
def test_workers_give_the_same_pictures(codec: str, at_least: int | None) -> None:
    data = encoded(3, codec, 200, 120)
    here = decode(data, at_least=at_least)
    with isolated():
        there = decode(data, at_least=at_least)
        assert thumbnail(data, 50)
    assert np.array_equal(np.asarray(here.image), np.asarray(there.image))
    assert (here.width, here.height, here.format) == (there.width, there.height, there.format)
    assert here.details == there.details


def test_refusals_come_with_their_reasons() -> None:
    with isolated():
        for data, reason in ((b"", "empty"), (b"no picture", "not a picture")):
            with pytest.raises(DecodeError, match=reason):
                decode(data)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are told on POSIX")
def test_a_crash_costs_one_file(tmp_path: Path) -> None:
    paths = write_gallery(tmp_path / "pictures", 40)
    for path in (paths[5], paths[20]):
        path.write_bytes(path.read_bytes() + b"SEGFAULT")
    store = LocalStore.create(str(tmp_path / "c"), CountingEncoder().identity, "")
    with isolated(FRAGILE):
        summary = index(store, CountingEncoder(), [str(tmp_path / "pictures")])
    assert summary.added == 38
    assert {skip.path for skip in summary.skipped} == {str(paths[5]), str(paths[20])}
    assert {skip.reason for skip in summary.skipped} == {"the decoder crashed on it (SIGSEGV)"}
    # The next run passes over them, isolated or not: the decoder in this process never sees them.
    again = index(store, CountingEncoder(), [str(tmp_path / "pictures")])
    assert (again.added, again.unchanged, len(again.skipped)) == (0, 38, 2)
    store.close()


def test_details_are_read_by_the_workers_too() -> None:
    with_details = io.BytesIO()
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Camera"
    draw(1).save(with_details, "JPEG", exif=exif)
    data = with_details.getvalue()
    with isolated(FRAGILE):
        assert details_of(data) == Details(None, "Camera")
        assert details_of(data + b"SEGFAULT") == Details()
        assert details_of(data) == Details(None, "Camera")
        assert details_of(b"") == Details()


def test_a_worker_that_does_not_start_is_told() -> None:
    nothing = (sys.executable, "-c", "raise SystemExit(3)")
    with isolated(nothing), pytest.raises(DecodeError, match=r"did not start \(exit code 3\)"):
        decode(encoded(1))


def test_a_hang_costs_one_file_and_its_time() -> None:
    with isolated(FRAGILE, seconds=10):
        with pytest.raises(DecodeError, match="took over 10 seconds"):
            decode(encoded(1) + b"HANG")
        assert decode(encoded(2)).width == 72


def test_many_threads_share_the_workers() -> None:
    results: list[int] = []
    with isolated():
        threads = [
            threading.Thread(target=lambda n=n: results.append(decode(encoded(n)).width))
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [72] * 8
