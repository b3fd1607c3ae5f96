"""An evaluation of what a collection keeps."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import lookalike
from lookalike.errors import CollectionNotFoundError, EvaluationError
from lookalike.evaluation import EvaluationProgress, evaluate, evaluate_collection
from lookalike.evaluation.report.json import evaluation_json
from lookalike.evaluation.report.page import html_page
from lookalike.evaluation.report.terminal import piped_lines, table_lines
from tests.evaluation.folders import write_labelled
from tests.support.films import write_film
from tests.support.pictures import write_picture


@pytest.fixture
def photos(labelled: Path, tiny_model: Path, tmp_path: Path) -> lookalike.Collection:
    collection = lookalike.open(tmp_path / "c", model=tiny_model)
    collection.index(labelled)
    return collection


def test_figures_are_those_of_the_folder(
    photos: lookalike.Collection, labelled: Path, tiny_model: Path
) -> None:
    stored = evaluate_collection(photos, instances=5)
    read = evaluate(labelled, [tiny_model], instances=5)
    assert (stored.classes, stored.paths) == (read.classes, read.paths)
    assert stored.labels.tolist() == read.labels.tolist()
    [one], [other] = stored.models, read.models
    assert one.sha256 == other.sha256
    assert one.instances == pytest.approx(other.instances)
    for metric, figure in other.overall.items():
        # Stored as float16: two neighbours that score the same to three digits may change places.
        assert one.overall[metric].value == pytest.approx(figure.value, abs=0.02)
    assert np.abs(one.embeddings - other.embeddings).max() < 2e-3


def test_nothing_is_said_of_times_that_were_not_taken(photos: lookalike.Collection) -> None:
    result = evaluate_collection(photos, instances=2)
    [model] = evaluation_json(result)["models"]
    assert model["milliseconds_per_image"] is model["encode_milliseconds_per_image"] is None
    assert model["bytes_per_image"] == 2 * 64
    assert not any("milliseconds" in line for line in piped_lines(result))
    assert any(line.endswith("not measured") for line in table_lines(result))
    assert "not measured" in html_page(result)


def test_progress_reaches_its_total(photos: lookalike.Collection) -> None:
    seen: list[EvaluationProgress] = []
    evaluate_collection(photos, instances=3, on_progress=seen.append)
    assert seen[-1].done == seen[-1].total == photos.count() + 3 * 6


def test_what_has_no_class_is_listed(tmp_path: Path, tiny_model: Path) -> None:
    folder = write_labelled(tmp_path / "labelled", 4)
    write_picture(folder / "stray.png", 1)
    (folder / "moss" / "broken.jpg").write_bytes(b"nothing")
    write_film(folder / "rust" / "film.mp4")
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(folder)
        result = evaluate_collection(photos, instances=2)
    assert len(result.paths) == 12
    assert {Path(skip.path).name: skip.reason.split()[-1] for skip in result.skipped} == {
        "broken.jpg": "reads",
        "film.mp4": "pictures",
        "stray.png": "sub-folder",
    }


def test_of_several_roots_each_has_the_classes(tmp_path: Path, tiny_model: Path) -> None:
    one = write_labelled(tmp_path / "one", 3, ("moss", "rust"))
    other = write_labelled(tmp_path / "other", 3, ("moss", "slate"))
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(one, other)
        result = evaluate_collection(photos, instances=2)
    assert result.classes == ("moss", "rust", "slate")
    assert np.bincount(result.labels).tolist() == [6, 3, 3]


def test_bad_input_is_told(tmp_path: Path, tiny_model: Path) -> None:
    with pytest.raises(CollectionNotFoundError):
        evaluate_collection(lookalike.open(tmp_path / "none", model=tiny_model))
    folder = write_labelled(tmp_path / "one", 3, ("moss",))
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.create()
        with pytest.raises(EvaluationError, match="has no pictures"):
            evaluate_collection(photos)
        photos.index(folder)
        with pytest.raises(EvaluationError, match="only one class"):
            evaluate_collection(photos)
        photos.index(write_labelled(tmp_path / "two", 3, ("rust",)))
        with pytest.raises(EvaluationError, match="at least one"):
            evaluate_collection(photos, instances=0)
        shutil.rmtree(folder)
        with pytest.raises(EvaluationError, match="cannot be read any more"):
            evaluate_collection(photos)
