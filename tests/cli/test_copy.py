"""`lookalike copy` between real collections, also where it is killed on the way."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lookalike
from lookalike.errors import StoreError
from tests.support.process import run, run_json, start

PICTURES = 40

_KILL = """
import os, signal
from lookalike.store import copy
from lookalike.store.local.store import LocalStore
from lookalike.store.local.writer import LocalWriter
copy._BATCH = 6
left = {calls}
def deadly(call):
    def called(*args):
        global left
        left -= 1
        if left == 0 and {before}:
            os.kill(os.getpid(), signal.SIGKILL)
        call(*args)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return called
LocalWriter.apply = deadly(LocalWriter.apply)
LocalStore.set_labels = deadly(LocalStore.set_labels)
"""


@pytest.fixture
def source(pictures: Path, tiny_model: Path, tmp_path: Path) -> Path:
    """A collection of 40 pictures with labels, rules and a file that cannot be used."""
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    place = tmp_path / "from"
    with lookalike.open(place, model=tiny_model) as photos:
        photos.index(pictures, rules=lookalike.Rules(exclude=("*.tmp",)))
        photos.set_labels({n: ["mine"] for n in range(1, PICTURES, 3)})
    return place


def contents(place: Path) -> dict[str, object]:
    with lookalike.open(place) as photos:
        status = photos.status()
        pictures = {}
        for files, vectors in photos.scan():
            labels = photos.labels([each.id for each in files])
            for each, vector in zip(files, vectors, strict=True):
                assert each.file.path not in pictures, "a picture is there twice"
                pictures[each.file.path] = (each.file, labels.get(each.id, []), vector.tolist())
        return {
            "pictures": pictures,
            "rules": status.rules,
            "skipped": status.skipped_files,
            "model": status.model,
        }


def test_a_copy_is_searched_and_indexed_like_the_original(
    source: Path, pictures: Path, tmp_path: Path
) -> None:
    target = tmp_path / "to"
    summary = run_json("copy", source, target)
    assert summary.pop("seconds") >= 0
    assert summary == {
        "from": str(source),
        "to": str(target),
        "images": PICTURES,
        "copied": PICTURES,
        "labelled": len(range(1, PICTURES, 3)),
        "skipped": 1,
        "roots": 1,
        "lacking": 0,
        "left": [],
        "checked": PICTURES,
    }
    assert contents(target) == contents(source)
    query = next(pictures.rglob("*.jpg"))
    with lookalike.open(source) as photos, lookalike.open(target) as copied:
        found = [each.search(query) for each in (photos, copied)]
        assert [hit.path for hit in found[0]] == [hit.path for hit in found[1]]
        scores = [[hit.score for hit in hits] for hits in found]
        np.testing.assert_allclose(scores[0], scores[1], atol=1e-6)
        again = copied.index()  # nothing is encoded again
    assert (again.added, again.updated, again.unchanged) == (0, 0, PICTURES)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is sent")
def test_a_copy_that_is_killed_goes_on(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "to"
    # One after the other into the same place, each with less left to do: after a batch, before
    # one, in the labels, in what surrounds the pictures.
    for calls, before in ((2, False), (3, True), (4, False), (3, True)):
        child = start(["copy", source, target], _KILL.format(calls=calls, before=before))
        child.communicate(timeout=120)
        assert child.returncode == -9
    summary = run_json("copy", source, target)
    assert summary["copied"] < PICTURES, "nothing was left from before"
    assert contents(target) == contents(source)


def test_what_cannot_be_copied_is_refused_in_one_sentence(
    source: Path, pictures: Path, tiny_model: Path, tmp_path: Path
) -> None:
    other, foreign, files = tmp_path / "other", tmp_path / "foreign", tmp_path / "files"
    with lookalike.open(other) as photos:
        photos.create()
    stranger = tmp_path / "elsewhere" / "stranger.png"
    stranger.parent.mkdir()
    Image.new("RGB", (40, 30), "teal").save(stranger)
    with lookalike.open(foreign, model=tiny_model) as photos:
        photos.index(stranger.parent)
    files.mkdir()
    (files / "notes.txt").write_text("mine")
    for place, sentence in (
        (other, "was made with compact"),
        (foreign, "stranger.png"),
        (files, "holds other files"),
        (source, "is the collection itself"),
    ):
        with lookalike.open(source) as photos, pytest.raises(StoreError, match=sentence):
            photos.copy_to(place)
    done = run("copy", tmp_path / "nowhere", tmp_path / "new")
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert not (tmp_path / "new").exists()


def test_regions_stay_behind_and_are_told(source: Path, tmp_path: Path) -> None:
    with lookalike.open(source) as photos:
        photos.encoders.keep_regions(True)
        assert photos.copy_to(tmp_path / "to").left == ("regions for tiny",)
