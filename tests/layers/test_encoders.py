"""Changing the encoder of a collection: real pictures, two real encoders, real processes."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import lookalike
from lookalike import Collection
from lookalike.errors import EncoderMismatchError, QueryError, StoreError
from lookalike.store import LocalStore
from lookalike.store.local.keep import check
from tests.support.model import make_model
from tests.support.pictures import write_gallery, write_picture
from tests.support.process import ON_ONE_CORE

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "other", seed=8)


@pytest.fixture
def photos(tiny_model: Path, pictures: Path, tmp_path: Path) -> Iterator[Collection]:
    with lookalike.open(tmp_path / "c", model=tiny_model) as opened:
        opened.index(pictures)
        opened.set_labels({5: ["kept"]})
        yield opened


def vectors_of(model: Path, pictures: Path, tmp_path: Path) -> dict[str, bytes]:
    """By path, what a collection made with a model from the start would have."""
    with lookalike.open(tmp_path / "fresh", model=model) as fresh:
        fresh.index(pictures)
        return {
            item.file.path: vector.tobytes()
            for items, rows in fresh.scan()
            for item, vector in zip(items, rows, strict=True)
        }


def test_from_one_encoder_to_another(
    photos: Collection, other_model: Path, pictures: Path, tmp_path: Path
) -> None:
    before = {item.id: item.file for item in photos.browse(0, 100)}
    first = photos.search(7, k=5)
    added = photos.encoders.add(other_model)
    assert (added.number, added.answers, added.lacking) == (2, False, 40)
    with pytest.raises(EncoderMismatchError, match="has tiny already"):
        photos.encoders.add(other_model)
    with pytest.raises(QueryError, match="lacks 40 pictures"):
        photos.encoders.switch(2)
    seen: list[tuple[int, int]] = []
    assert photos.encoders.fill(lambda done, total: seen.append((done, total))) == []
    assert seen[-1] == (40, 40)
    assert photos.search(7, k=5) == first, "the earlier one answers until the switch"
    found = photos.encoders.compare(2, sample=20)
    assert found.sample == 20
    assert 0 < found.overlap <= 1
    assert set(found.found_again) == {"tiny (1)", "tiny (2)"}
    assert all(share > 0.5 for share in found.found_again.values())
    assert len(found.examples) == 3
    for example in found.examples:
        first_ten = [hit.id for hit in photos.search(example.asked, k=11)]
        assert example.nearest["tiny (1)"] == [i for i in first_ten if i != example.asked][:10]
    least = [example.overlap for example in found.examples]
    assert least == sorted(least)
    assert least[0] <= found.overlap
    assert photos.encoders.switch(2).answers
    assert photos.status().model.sha256 == added.sha256
    assert photos.encoder.identity.sha256 == added.sha256
    assert {item.id: item.file for item in photos.browse(0, 100)} == before
    assert photos.labels([5]) == {5: ["kept"]}
    assert photos.search(pictures / "0000.jpg", k=1)[0].path == str(pictures / "0000.jpg")
    fresh = vectors_of(other_model, pictures, tmp_path)
    for items, rows in photos.scan():
        for item, row in zip(items, rows, strict=True):
            np.testing.assert_allclose(
                row, np.frombuffer(fresh[item.file.path], np.float32), atol=2e-3
            )
    assert photos.index().unchanged == 40
    photos.encoders.drop(1)
    assert [each.number for each in photos.encoders.all()] == [2]
    with lookalike.open(photos.location) as again:
        assert again.search(7, k=1)[0].id == 7


def test_both_are_kept_up_to_date(photos: Collection, other_model: Path, pictures: Path) -> None:
    photos.encoders.add(other_model)
    photos.index()
    assert [each.lacking for each in photos.encoders.all()] == [0, 0]
    write_picture(pictures / "0000.jpg", 500)  # changed
    write_picture(pictures / "new.jpg", 501)
    os.rename(pictures / "0003.png", pictures / "moved.png")
    (pictures / "0006.jpg").unlink()
    summary = photos.index()
    assert (summary.added, summary.updated, summary.removed) == (1, 2, 1)
    assert summary.warnings == []
    assert [each.lacking for each in photos.encoders.all()] == [0, 0]
    photos.encoders.switch(2)
    for name in ("0000.jpg", "new.jpg", "moved.png"):
        assert photos.search(pictures / name, k=1)[0].path == str(pictures / name)
    write_picture(pictures / "newer.jpg", 502)
    photos.index()
    assert [each.lacking for each in photos.encoders.all()] == [0, 0], "there is a way back"
    photos.encoders.switch(1)
    assert photos.search(pictures / "newer.jpg", k=1)[0].path == str(pictures / "newer.jpg")


def test_pictures_that_are_away_stay_and_come_back(
    photos: Collection, other_model: Path, pictures: Path, tmp_path: Path
) -> None:
    away = sorted(path.name for path in (pictures / "one").iterdir())
    shutil.move(pictures / "one", tmp_path / "elsewhere")
    photos.encoders.add(other_model)
    (warning,) = photos.encoders.fill()
    assert warning.startswith(f"{len(away)} pictures have no embedding of tiny yet, such as ")
    with pytest.raises(QueryError, match="--incomplete"):
        photos.encoders.switch(2)
    photos.encoders.switch(2, incomplete=True)
    photos.encoders.drop(1)
    assert (len(photos), photos.labels([5])) == (40, {5: ["kept"]})
    assert len(photos.search(pictures / "0000.jpg", k=100)) == 40 - len(away)
    lost = next(item for item in photos.browse(0, 100) if item.file.path.endswith(away[0]))
    with pytest.raises(lookalike.LookalikeError, match="cannot search by"):
        photos.search(lost.id)
    assert photos.suggest_labels(lost.id) == []
    assert not any(lost.id in [image.id for image in group.images] for group in photos.duplicates())
    assert check(photos.location).problems == []
    shutil.move(tmp_path / "elsewhere", pictures / "one")
    summary = photos.index()
    assert (summary.added, summary.updated, summary.warnings) == (0, 0, [])
    assert photos.search(lost.id, k=1)[0].id == lost.id
    assert len(photos.search(pictures / "0000.jpg", k=100)) == 40


def test_another_process_follows_a_switch(photos: Collection, other_model: Path) -> None:
    with lookalike.open(photos.location) as elsewhere:
        elsewhere.search(3, k=1)
        photos.encoders.add(other_model)
        photos.encoders.fill()
        photos.encoders.switch(2)
        photos.encoders.drop(1)
        assert elsewhere.search(3, k=1)[0].id == 3
        assert elsewhere.encoder.identity == photos.encoder.identity
        assert elsewhere.index().unchanged == 40


def test_searches_go_on_while_encoders_are_switched(photos: Collection, other_model: Path) -> None:
    photos.encoders.add(other_model)
    photos.encoders.fill()
    stop = threading.Event()
    wrong: list[object] = []

    def ask() -> None:
        while not stop.is_set():
            for image_id in (1, 9, 23):
                hit = photos.search(image_id, k=1)[0]
                if hit.id != image_id or hit.score < 0.999:
                    wrong.append(hit)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in (2, 1, 2, 1, 2):
            photos.encoders.switch(number)
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert wrong == []


_CHANGE = """
import sys
import lookalike
photos = lookalike.open(sys.argv[1])
print("begin", flush=True)
if not any(each.number == 2 for each in photos.encoders.all()):
    photos.encoders.add(sys.argv[2])
photos.encoders.fill()
photos.encoders.switch(2)
photos.encoders.switch(1)
photos.encoders.switch(2)
print("end", flush=True)
"""


def test_a_kill_at_any_moment_leaves_one_that_answers(
    tiny_model: Path, other_model: Path, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    write_gallery(pictures, 150)
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(pictures)
    lacking = 150
    for share in (0, 0.3, 0.9):
        process = subprocess.Popen(
            [sys.executable, "-c", ON_ONE_CORE + _CHANGE, str(tmp_path / "c"), str(other_model)],
            stdout=subprocess.PIPE,
            cwd=PROJECT,
        )
        assert process.stdout
        assert process.stdout.readline() == b"begin\n"
        store = LocalStore(str(tmp_path / "c"))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            known = store.layers.all()
            if len(known) == 2 and store.layers.count_lacking(known[1]) <= (1 - share) * 150:
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        (answering,) = [each for each in store.layers.all() if each.answers]
        left = {each.number: store.layers.count_lacking(each) for each in store.layers.all()}
        assert left[answering.number] == 0
        assert left.get(2, 150) <= lacking, "what was filled stays"
        lacking = left.get(2, 150)
        store.close()
        assert check(str(tmp_path / "c")).problems == []
        with lookalike.open(tmp_path / "c") as photos:
            assert photos.search(77, k=1)[0].id == 77
    with lookalike.open(tmp_path / "c") as photos:
        photos.encoders.fill()
        assert photos.encoders.switch(2).lacking == 0


def test_names_that_do_not_tell(photos: Collection, other_model: Path) -> None:
    with pytest.raises(
        QueryError, match=r"clip is no encoder of the collection: it has tiny \(1\)"
    ):
        photos.encoders.switch("clip")
    photos.encoders.add(other_model)
    with pytest.raises(QueryError, match="is the name of several"):
        photos.encoders.drop("tiny")
    with pytest.raises(QueryError, match="answers"):
        photos.encoders.drop(1)
    with pytest.raises(QueryError, match="answers itself"):
        photos.encoders.compare(1)
    with pytest.raises(QueryError, match="fill the new one first"):
        photos.encoders.compare(2)
    assert photos.encoders.switch(str(other_model), incomplete=True).number == 2


def test_an_encoder_that_is_not_there_any_more_is_told(
    photos: Collection, tmp_path: Path, pictures: Path
) -> None:
    model = make_model(tmp_path / "going", seed=9)
    photos.encoders.add(model)
    shutil.rmtree(model)
    write_picture(pictures / "new.jpg", 501)
    summary = photos.index()
    assert summary.added == 1
    assert summary.warnings[0].startswith("tiny was not filled: there is no model")
    make_model(model, seed=10)
    assert "is another model now" in photos.index().warnings[0]


def test_a_model_that_is_another_is_told_how_to_change(
    photos: Collection, other_model: Path
) -> None:
    with pytest.raises(EncoderMismatchError, match="lookalike encoder add"):
        lookalike.open(photos.location, model=other_model)


def test_a_store_of_one_encoder_says_so(
    photos: Collection, other_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalStore, "layers", None)
    assert [each.answers for each in photos.encoders.all()] == [True]
    assert photos.encoders.fill() == []
    with pytest.raises(StoreError, match="keeps one encoder"):
        photos.encoders.add(other_model)
