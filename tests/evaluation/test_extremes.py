"""From folder to page where there is hardly anything to measure."""

import json
from pathlib import Path

import numpy as np

from lookalike.encoders import Encoder
from lookalike.encoders.encoder import normalise
from lookalike.evaluation import evaluate
from lookalike.evaluation.report.json import evaluation_json
from lookalike.evaluation.report.page import html_page
from lookalike.types import Embeddings, Pixels
from tests.evaluation.folders import write_labelled
from tests.support.model import spec_of


class Collapsed(Encoder):
    """Gives every picture the same embedding."""

    def __init__(self, model: Path) -> None:
        super().__init__(spec_of("0" * 64), str(model / "model.onnx"))

    def embed(self, batch: Pixels) -> Embeddings:
        return normalise(np.ones((len(batch), self.dimension), np.float32))


def test_an_encoder_that_sees_nothing_gets_nothing(labelled: Path, tiny_model: Path) -> None:
    found = evaluate(labelled, [Collapsed(tiny_model), tiny_model], instances=5)
    nothing, something = found.models
    assert nothing.overall["nn_accuracy"].value == 0
    assert nothing.overall["precision_at_10"].value == 0
    assert nothing.overall["instance_recall_at_1"].value == 0
    assert nothing.calibration.precise is None
    assert found.recommended is something
    json.dumps(evaluation_json(found), allow_nan=False)
    assert "balances" in html_page(found)


def test_two_classes_of_two_pictures(tmp_path: Path, tiny_model: Path) -> None:
    folder = write_labelled(tmp_path, 2, ("moss", "rust"))
    found = evaluate(folder, [tiny_model])
    assert found.instances == 4
    assert found.models[0].neighbours.shape == (4, 3)
    json.dumps(evaluation_json(found), allow_nan=False)
    assert html_page(found).count("<article") == 8
