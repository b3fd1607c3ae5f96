"""The report: JSON, lines of text, and the page as a file."""

import base64
import hashlib
import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from lookalike.evaluation import Evaluation, ModelEvaluation
from lookalike.evaluation.report.choose import choose
from lookalike.evaluation.report.json import evaluation_json
from lookalike.evaluation.report.page import html_page
from lookalike.evaluation.report.terminal import piped_lines, table_lines


@pytest.fixture(scope="module")
def page(evaluation: Evaluation) -> str:
    return html_page(evaluation)


class TestJson:
    def test_holds_what_is_promised(self, evaluation: Evaluation) -> None:
        record = json.loads(json.dumps(evaluation_json(evaluation), allow_nan=False))
        assert [model["name"] for model in record["models"]] == ["tiny #1", "tiny #2"]
        for model, found in zip(record["models"], evaluation.models, strict=True):
            assert model["images"] == 36
            for key in ("nn_accuracy", "precision_at_10", "map", "instance_recall_at_1"):
                assert model[key] == found.overall[key].value
                low, high = model["intervals"][key]
                assert low <= model[key] <= high
            assert list(model["instance_recall"]) == list(found.instances)
            assert model["threshold"]["score"] == found.cutoff.score
            assert len(model["calibration"]["scores"]) == 51
            assert len(model["confusion"]) == 3
        assert len(record["skipped"]) == 2

    def test_a_figure_that_does_not_exist_is_null(self, evaluation: Evaluation) -> None:
        model = evaluation.models[0]
        bare = replace(
            model,
            calibration=replace(model.calibration, precise=None),
        )
        record = evaluation_json(replace(evaluation, models=[bare]))
        json.dumps(record, allow_nan=False)
        assert record["models"][0]["threshold_precision_95"] is None


class TestLines:
    def test_piped(self, evaluation: Evaluation) -> None:
        rows = [line.split("\t") for line in piped_lines(evaluation)]
        figures = {(row[0], row[1]): float(row[2]) for row in rows if row[0] != "skipped"}
        value = evaluation.models[1].overall["map"].value
        assert figures["tiny #2", "map"] == pytest.approx(value, abs=1e-4)
        assert sum(row[0] == "skipped" for row in rows) == 2

    def test_table(self, evaluation: Evaluation) -> None:
        lines = table_lines(evaluation)
        assert lines[0].startswith("36 pictures in 3 classes, 2 skipped")
        [row] = [line for line in lines if line.startswith("mAP")]
        assert f"{evaluation.models[0].overall['map'].value:.3f}" in row
        assert any("best of class and instance retrieval: tiny #" in line for line in lines)


class TestChoice:
    def test_samples_take_the_classes_in_turn(self, evaluation: Evaluation) -> None:
        sampled = choose(evaluation)[0].queries
        assert evaluation.labels[sampled].tolist() == [row % 3 for row in range(len(sampled))]

    def test_worst_and_changed_are_the_extremes(self, evaluation: Evaluation) -> None:
        first, second = (model.average_precision for model in evaluation.models)
        chosen = {one.title: one.queries for one in choose(evaluation)}
        assert chosen["Worst"][0] == np.argmin(first + second)
        assert chosen["Gained most"][0] == np.argmax(second - first)
        assert chosen["Lost most"][0] == np.argmin(second - first)

    def test_one_model_has_nothing_to_be_compared_with(self, evaluation: Evaluation) -> None:
        alone = replace(evaluation, models=evaluation.models[:1])
        assert [one.title for one in choose(alone)] == ["Sampled", "Worst"]

    def test_many_models_show_fewer_queries(self, evaluation: Evaluation) -> None:
        many = replace(evaluation, models=evaluation.models * 4)
        assert {len(one.queries) for one in choose(many)} <= {0, 4}


class _Reader(HTMLParser):
    """Collects what the page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.pictures: set[str] = set()
        self.marks: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.addresses += [given[key] for key in ("src", "href", "action") if key in given]
        self.ids += [given["id"]] if "id" in given else []
        classes = given.get("class", "").split()
        if classes[:1] == ["p"]:
            self.pictures.add(classes[1])
        if classes == ["mark"]:
            self.marks.append(given["aria-label"])


class TestPage:
    def test_needs_nothing_but_itself(self, page: str) -> None:
        reader = _Reader()
        reader.feed(page)
        assert all(address.startswith(("#", "data:")) for address in reader.addresses)
        assert not re.search(r"url\((?!data:)", page)
        assert len(set(reader.ids)) == len(reader.ids)
        inside = {address[1:] for address in reader.addresses if address.startswith("#")}
        assert inside <= set(reader.ids)

    def test_runs_its_own_script_only(self, page: str) -> None:
        [script] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"script-src 'sha256-{digest}'" in page
        assert "default-src 'none'" in page

    def test_every_picture_is_in_it_once(self, page: str) -> None:
        reader = _Reader()
        reader.feed(page)
        styled = re.findall(r"^\.(p\d+)\{background-image:url\(data:", page, re.MULTILINE)
        assert sorted(styled) == sorted(reader.pictures)

    def test_marks_say_right_and_wrong_in_words(self, page: str, evaluation: Evaluation) -> None:
        reader = _Reader()
        reader.feed(page)
        expected = [
            "right" if evaluation.labels[other] == evaluation.labels[query] else "wrong"
            for one in choose(evaluation)
            for query in one.queries
            for model in evaluation.models
            for other in model.neighbours[query]
        ]
        assert reader.marks == expected
        assert {"right", "wrong"} <= set(expected)

    def test_names_are_text(self, evaluation: Evaluation, tmp_path: Path) -> None:
        evil = "<script>alert(1)</script>\u202e\udcff"
        classes = (evil, *evaluation.classes[1:])
        models = [replace(evaluation.models[0], name=evil), evaluation.models[1]]
        paths = [os.path.join(evaluation.folder, evil, os.path.basename(evaluation.paths[0]))]
        named = replace(
            evaluation, classes=classes, models=models, paths=paths + evaluation.paths[1:]
        )
        page = html_page(named)
        assert "<script>alert" not in page
        assert "\u202e" not in page
        (tmp_path / "page.html").write_text(page, encoding="utf-8")

    def test_one_model(self, evaluation: Evaluation) -> None:
        page = html_page(replace(evaluation, models=evaluation.models[:1]))
        assert "Gained most" not in page
        assert "balances" not in page

    def test_many_classes(self, evaluation: Evaluation) -> None:
        """Beyond the palette and the matrix; every picture of a class has only itself and one."""
        classes = tuple(f"class {number:02d}" for number in range(18))
        labels = np.repeat(np.arange(18), 2)

        def widened(model: ModelEvaluation) -> ModelEvaluation:
            one = model.classes[0]
            return replace(model, classes=[replace(one, name=name) for name in classes])

        models = [widened(model) for model in evaluation.models]
        page = html_page(replace(evaluation, classes=classes, labels=labels, models=models))
        assert "class 17" in page
        assert 'class="matrix"' not in page

    def test_progress_reaches_its_total(self, evaluation: Evaluation) -> None:
        told: list[tuple[int, int]] = []
        html_page(evaluation, on_progress=lambda done, total: told.append((done, total)))
        assert told[-1][0] == told[-1][1]
