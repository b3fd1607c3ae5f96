"""A bucket is indexed, kept up to date, searched and shown like a folder."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import lookalike
from lookalike.errors import SourceError
from lookalike.source import objects
from tests.objects.conftest import Bucket
from tests.support.process import run, run_json


@pytest.fixture
def photos(tmp_path: Path, tiny_model: Path) -> Any:
    with lookalike.open(tmp_path / "c", model=tiny_model) as opened:
        yield opened


def ids(photos: lookalike.Collection) -> dict[str, int]:
    return {stored.file.path: stored.id for stored in photos.browse(0, 1000)}


def test_only_what_is_new_or_changed_is_read(bucket: Bucket, photos: lookalike.Collection) -> None:
    for number in range(5):
        bucket.draw(f"in/{number}.jpg", number)
    bucket.draw("in/deep/below/x.jpg", 10)
    bucket.draw("other/y.jpg", 11)
    bucket.put("in/notes.txt", b"no picture")
    bucket.put("in/bad.jpg", b"no picture")
    root = bucket.address("in")
    summary = photos.index(root + "/")
    assert summary.added == 6
    assert [(skip.path, skip.reason == "") for skip in summary.skipped] == [
        (f"{root}/bad.jpg", False)
    ]
    before = ids(photos)
    assert before.keys() == {f"{root}/{n}.jpg" for n in range(5)} | {f"{root}/deep/below/x.jpg"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "read_object", None)
        assert photos.index().unchanged == 6
    bucket.draw("in/0.jpg", 20)  # the same second, and perhaps the same size
    bucket.delete("in/1.jpg")
    bucket.client.copy_object(
        Bucket=bucket.name, Key="in/moved.jpg", CopySource=f"{bucket.name}/in/2.jpg"
    )
    bucket.delete("in/2.jpg")
    summary = photos.index()
    assert (summary.added, summary.updated, summary.removed) == (0, 2, 1)
    assert ids(photos)[f"{root}/moved.jpg"] == before[f"{root}/2.jpg"]


def test_hits_name_addresses_and_pictures_are_shown(
    bucket: Bucket, photos: lookalike.Collection
) -> None:
    bucket.draw("a.jpg", 1)
    bucket.draw("b/c.jpg", 2)
    photos.index(bucket.address())
    hit, _ = photos.search(bucket.address("b/c.jpg"))
    assert (hit.path, hit.offline) == (bucket.address("b/c.jpg"), False)
    assert hit.score == pytest.approx(1, abs=1e-3)
    assert Image.open(io.BytesIO(photos.thumbnail(hit.id, 32))).size == (32, 28)
    assert photos.read_image(hit.id)[:2] == b"\xff\xd8"
    where = lookalike.Where(folder=bucket.address("b"))
    assert photos.count(where) == 1
    assert {facet.name for facet in photos.facets().folders} >= {bucket.address("b")}


def test_rules_hold_in_a_bucket(bucket: Bucket, photos: lookalike.Collection) -> None:
    for key in ("keep.jpg", "no/a.jpg", "yes/raw/b.jpg", "yes/c.jpg", ".hidden.jpg"):
        bucket.draw(key, len(key))
    bucket.put("yes/.lookalikeignore", b"raw/\n")
    photos.index(bucket.address(), rules=lookalike.Rules(exclude=("no/",)))
    assert ids(photos).keys() == {bucket.address("keep.jpg"), bucket.address("yes/c.jpg")}


@pytest.mark.parametrize(
    "name", ["a b.jpg", "ü é.jpg", "100%.jpg", "what?.jpg", "a#1.jpg", "[x]*.jpg", "a+b&c=d.jpg"]
)
def test_names_may_be_odd(bucket: Bucket, photos: lookalike.Collection, name: str) -> None:
    bucket.draw(f"in/{name}", 1)
    summary = photos.index(bucket.address())
    assert (summary.added, summary.skipped) == (1, [])
    assert ids(photos).keys() == {bucket.address(f"in/{name}")}
    assert photos.index().unchanged == 1


def test_an_empty_part_of_a_name_is_reported(bucket: Bucket, photos: lookalike.Collection) -> None:
    bucket.draw("a//b.jpg", 1)
    bucket.draw("a/c.jpg", 2)
    bucket.put("a/", b"")
    summary = photos.index(bucket.address())
    assert summary.added == 1
    assert [skip.path for skip in summary.skipped] == [bucket.address("a") + "/"]


def test_an_object_that_vanishes_costs_itself(
    bucket: Bucket, photos: lookalike.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.draw("a.jpg", 1)
    bucket.draw("b.jpg", 2)
    read = objects.read_object

    def vanish_first(address: str, max_bytes: int) -> bytes:
        bucket.delete("b.jpg")
        return read(address, max_bytes)

    monkeypatch.setattr("lookalike.source.file.read_object", vanish_first)
    summary = photos.index(bucket.address())
    # Whichever is read first takes the other with it, or itself.
    assert summary.added == 1
    assert [skip.path for skip in summary.skipped] == [bucket.address("b.jpg")]
    assert "nothing at that address" in summary.skipped[0].reason


def test_a_storage_that_is_away_costs_nothing(
    bucket: Bucket, photos: lookalike.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.draw("in/a.jpg", 1)
    root = bucket.address("in")
    photos.index(root)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    objects._file_system.cache_clear()
    summary = photos.index()
    assert (summary.removed, len(photos)) == (0, 1)
    [warning] = summary.warnings
    assert "does not answer" in warning
    assert photos.status().offline == [root]
    with pytest.raises(SourceError, match=r"s3://elsewhere/x cannot be indexed.*does not answer"):
        photos.index("s3://elsewhere/x")
    bucket.delete("in/a.jpg")
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.endpoint)
    objects._file_system.cache_clear()
    summary = photos.index()  # there is nothing under the root: as where a drive is not mounted
    assert (summary.removed, len(photos)) == (0, 1)
    assert photos.index(prune=True).removed == 1


def test_the_command_line_takes_addresses(bucket: Bucket, tmp_path: Path, tiny_model: Path) -> None:
    bucket.draw("in/a.jpg", 1)
    folder = tmp_path / "c"
    assert (
        run_json("index", bucket.address("in"), "-c", folder, "--model", tiny_model)["added"] == 1
    )
    [hit] = run_json("search", bucket.address("in/a.jpg"), "-c", folder)["hits"]
    assert hit["path"] == bucket.address("in/a.jpg")
    nothing = run("index", bucket.address("nothing"), "-c", folder)
    assert nothing.returncode == 1
    assert nothing.stderr.decode().strip() == (
        f"lookalike: there is nothing at {bucket.address('nothing')}"
    )
    denied = run("index", "s3://nobody-has-this/x", "-c", folder)
    assert denied.returncode == 1
    assert b"verysecret" not in denied.stderr + denied.stdout
    assert denied.stderr.count(b"\n") == 1
