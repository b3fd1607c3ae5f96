"""lookalike evaluate."""

import json
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from lookalike import open as opened
from lookalike.cli.main import lookalike
from tests.evaluation.folders import write_labelled
from tests.support.model import make_model


def run(*args: object) -> Result:
    return CliRunner().invoke(lookalike, ["evaluate", *map(str, args)], standalone_mode=False)


def test_json_and_page(tmp_path: Path, tiny_model: Path) -> None:
    folder = write_labelled(tmp_path / "labelled", 6)
    page = tmp_path / "report.html"
    done = run(
        folder, "--model", tiny_model, "--model", tiny_model, "--instances", 4, "--json",
        "--html", page,
    )  # fmt: skip
    assert done.exception is None
    record = json.loads(done.stdout)
    assert [model["name"] for model in record["models"]] == ["tiny #1", "tiny #2"]
    assert record["models"][0]["images"] == 18
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_piped_lines(tmp_path: Path, tiny_model: Path) -> None:
    done = run(write_labelled(tmp_path, 4), "--model", tiny_model, "--instances", 2)
    assert done.exception is None
    assert any(line.startswith("tiny\tmap\t") for line in done.stdout.splitlines())


def test_a_collection_is_measured_by_what_it_keeps(tmp_path: Path, tiny_model: Path) -> None:
    folder, place = write_labelled(tmp_path / "labelled", 5), tmp_path / "c"
    with opened(place, model=tiny_model) as photos:
        photos.index(folder)
    done = run("-c", place, "--instances", 2, "--json")
    assert done.exception is None
    record = json.loads(done.stdout)
    assert (record["folder"], record["images"]) == (str(place), 15)
    assert [model["name"] for model in record["models"]] == ["tiny"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "name a FOLDER, or a collection"),
        (("folder", "-c", "c"), "one of the two"),
        (("-c", "c", "--model", "compact"), "has its own encoder"),
    ],
)
def test_a_folder_or_a_collection(arguments: tuple[str, ...], problem: str) -> None:
    done = run(*arguments)
    assert isinstance(done.exception, click.UsageError)
    assert problem in str(done.exception)


def test_strict_exits_with_3_where_files_were_skipped(tmp_path: Path, tiny_model: Path) -> None:
    folder = write_labelled(tmp_path, 4)
    assert run(folder, "--model", tiny_model, "--strict").return_value == 0
    (folder / "moss" / "broken.jpg").write_bytes(b"nothing")
    assert run(folder, "--model", tiny_model).return_value == 0
    assert run(folder, "--model", tiny_model, "--strict").return_value == 3


def test_a_page_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, tiny_model: Path
) -> None:
    done = run(tmp_path / "nowhere", "--model", tiny_model, "--html", tmp_path / "no" / "x.html")
    assert "no such folder" in str(done.exception)


def test_a_calibration_is_kept_and_gives_hits_a_likeness(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    folder = write_labelled(tmp_path / "labelled", 6)
    with opened(tmp_path / "c", model=model) as photos:
        photos.index(folder)
        assert photos.search(1)[0].likeness is None
        assert not photos.status().calibrated
    done = run(folder, "--model", model, "--instances", 2, "--write-calibration")
    assert done.exception is None
    assert f"wrote {model / 'model.json'}" in done.stderr
    with opened(tmp_path / "c") as photos:  # the embeddings are those of before
        assert photos.status().calibrated
        calibration = photos.calibration
        assert calibration is not None
        assert (calibration.pictures, calibration.kinds) == (18, 3)
        hits = photos.search(1, 18)
        assert [hit.likeness for hit in hits] == [calibration.likeness(hit.score) for hit in hits]
        assert all(hit.likeness is None for hit in photos.search(1, also=[2])), (
            "of several pictures"
        )
        assert all(hit.likeness is None for hit in photos.search(1, against=[2]))
    shutil.rmtree(model)
    with opened(tmp_path / "c") as photos:
        assert photos.search(1)[0].likeness is None, "the encoder is gone, the pictures are not"


def test_a_calibration_needs_a_model_folder(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    lone = tmp_path / "lone"
    lone.mkdir()
    (model / "model.onnx").rename(lone / "other.onnx")
    spec = (model / "model.json").read_text().replace("model.onnx", "other.onnx")
    (lone / "other.json").write_text(spec)
    done = run(tmp_path, "--model", lone / "other.onnx", "--write-calibration")
    assert "is in no model folder" in str(done.exception)
