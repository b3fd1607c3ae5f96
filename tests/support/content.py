"""What a collection holds, to compare ways of indexing, and a folder that tries them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import lookalike
from tests.support.keywords import xmp
from tests.support.pictures import write_gallery

Content = dict[str, tuple[bytes, int, int, list[str], bytes]]
"""Digest, size, time stamp, labels and embedding of each picture, by its path."""

Alone = Callable[[Path | str], tuple[Content, dict[str, str]]]


def content(photos: lookalike.Collection) -> Content:
    """All of it; no picture is there twice."""
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


def in_threads(place: Path, model: Path) -> Alone:
    """Gives what the threads of one process make of a folder: content, and reasons of skips."""

    def run(folder: Path | str) -> tuple[Content, dict[str, str]]:
        with lookalike.open(place, model=model) as photos:
            summary = photos.index(folder)
            return content(photos), {skip.path: skip.reason for skip in summary.skipped}

    return run


def write_mixture(folder: Path) -> None:
    """A hundred pictures, a twin of one, keywords beside one, and three that are none."""
    write_gallery(folder, 100)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.gif").write_text("no picture")
    (folder / "0003.xmp").write_bytes(xmp("harbour"))
    shutil.copy(folder / "0000.jpg", folder / "twin.jpg")
