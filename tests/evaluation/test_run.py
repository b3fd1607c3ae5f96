"""An evaluation from a folder to its records."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from lookalike.encoders import load
from lookalike.errors import EvaluationError, ModelSpecError
from lookalike.evaluation import Evaluation, EvaluationProgress, evaluate
from lookalike.evaluation.embedding import embed_files
from tests.evaluation.folders import write_labelled


def snapshot(folder: Path) -> dict[str, int]:
    return {
        os.path.join(place, name): os.stat(os.path.join(place, name)).st_mtime_ns
        for place, folders, files in os.walk(folder)
        for name in [*folders, *files]
    }


def test_figures_are_those_of_the_plainest_computation(labelled: Path, tiny_model: Path) -> None:
    found = evaluate(labelled, [load(tiny_model, precision="fp32")], instances=3)
    [model] = found.models
    encoder = load(tiny_model, precision="fp32")
    vectors = embed_files(found.paths, encoder, lambda _: None).vectors
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    order = np.argsort(-scores, axis=1)[:, :-1]
    right = found.labels[order] == found.labels[:, None]
    assert model.overall["nn_accuracy"].value == pytest.approx(right[:, 0].mean())
    assert model.overall["precision_at_10"].value == pytest.approx(right[:, :10].mean())
    assert model.neighbours.tolist() == order[:, :10].tolist()
    precisions = right.cumsum(axis=1) / np.arange(1, 24)
    assert model.overall["map"].value == pytest.approx(
        ((precisions * right).sum(axis=1) / 7).mean()
    )
    assert model.confusion.sum() == 24
    assert np.trace(model.confusion) == right[:, 0].sum()
    assert [one.name for one in model.classes] == ["moss", "rust", "slate"]
    assert np.mean([one.map for one in model.classes]) == pytest.approx(model.overall["map"].value)


def test_several_models_are_measured_on_the_same_pictures(evaluation: Evaluation) -> None:
    first, second = evaluation.models
    assert [first.name, second.name] == ["tiny #1", "tiny #2"]
    assert first.sha256 != second.sha256
    assert len(evaluation.paths) == len(first.embeddings) == len(second.embeddings) == 36
    assert evaluation.instances == 10
    assert {os.path.basename(file.path) for file in evaluation.skipped} == {
        "broken.jpg",
        "stray.png",
    }
    assert evaluation.recommended in evaluation.models
    for model in evaluation.models:
        mean = np.mean(list(model.instances.values()))
        assert model.overall["instance_recall_at_1"].value == pytest.approx(mean)
        assert model.cost.bytes_per_image == 2 * 64
        assert model.cost.model_bytes == os.path.getsize(model.source)
        assert model.cost.milliseconds_per_image is not None
        assert model.cost.milliseconds_per_image > 0
        for figure in model.overall.values():
            assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_same_seed_same_figures(labelled: Path, tiny_model: Path) -> None:
    first, second = (evaluate(labelled, [tiny_model], instances=5, seed=4) for _ in range(2))
    assert first.models[0].overall == second.models[0].overall
    assert first.models[0].instances == second.models[0].instances


def test_nothing_is_written(labelled: Path, tiny_model: Path) -> None:
    before = snapshot(labelled), snapshot(tiny_model)
    evaluate(labelled, [tiny_model], instances=2)
    assert (snapshot(labelled), snapshot(tiny_model)) == before


def test_progress_reaches_its_total(labelled: Path, tiny_model: Path) -> None:
    told: list[EvaluationProgress] = []
    evaluate(labelled, [tiny_model, tiny_model], instances=4, on_progress=told.append)
    assert [now.done for now in told] == sorted(now.done for now in told)
    assert told[-1].done == told[-1].total == 2 * (24 + 4 * 6)
    assert told[0].stage == "embedding, tiny #1"


def test_copies_of_a_file_do_not_hide_each_other(labelled: Path, tiny_model: Path) -> None:
    for path in sorted((labelled / "moss").iterdir()):
        shutil.copy(path, labelled / "moss" / f"copy-{path.name}")
    found = evaluate(labelled, [tiny_model])
    assert found.models[0].instances["jpeg"] > 0.9
    assert found.duplicates == 8


class TestRefused:
    def test_no_model(self, labelled: Path) -> None:
        with pytest.raises(EvaluationError, match="no model to evaluate"):
            evaluate(labelled, [])

    def test_no_pictures_to_change(self, labelled: Path, tiny_model: Path) -> None:
        with pytest.raises(EvaluationError, match="at least one picture to change"):
            evaluate(labelled, [tiny_model], instances=0)

    def test_a_model_that_is_not_there(self, labelled: Path) -> None:
        with pytest.raises(ModelSpecError, match="there is no model"):
            evaluate(labelled, ["no-such-model"])

    def test_a_class_whose_pictures_are_all_but_one_damaged(
        self, labelled: Path, tiny_model: Path
    ) -> None:
        for path in sorted((labelled / "rust").iterdir())[1:]:
            path.write_bytes(b"\x89PNG nothing")
        with pytest.raises(EvaluationError, match="the class 'rust'") as error:
            evaluate(labelled, [tiny_model])
        assert "has only one picture that can be used" in str(error.value)
        assert "001.jpg" in str(error.value)
        assert "\n" not in str(error.value)

    def test_no_picture_at_all_can_be_read(self, tmp_path: Path, tiny_model: Path) -> None:
        write_labelled(tmp_path, 2)
        for path in tmp_path.rglob("*.jpg"):
            path.write_bytes(b"nothing")
        with pytest.raises(EvaluationError, match="has no pictures in sub-folders"):
            evaluate(tmp_path, [tiny_model])
