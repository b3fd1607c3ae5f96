"""The exported graph computes what torch does, the weighting included."""

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

import lookalike
from lookalike.encoders import InputSpec
from lookalike.errors import TrainingError
from lookalike.training.export import Label, export
from lookalike.training.pixels import to_input
from lookalike.training.weighting import Classifier, WeightedEncoder, WeightingName
from tests.support.pictures import draw

SPEC = InputSpec(
    name="pixel_values", width=32, height=32, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)
)


def label() -> Label:
    return Label(
        name="tiny",
        input=SPEC,
        dimension=48,
        classes=("a", "b", "c"),
        license="Apache-2.0",
        source="a test",
        training={},
    )


def classifier() -> Classifier:
    torch.manual_seed(0)
    body = nn.Sequential(
        nn.Conv2d(3, 48, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(1)
    )
    model = Classifier(body, 48, 3, dropout=0.5)
    nn.init.normal_(model.head.weight)
    return model


SAMPLE = np.stack([np.asarray(draw(seed, 32, 32)) for seed in range(5)])


@pytest.mark.parametrize("name", ["none", "published", "soft", "importance"])
def test_parity(tmp_path: Path, name: WeightingName) -> None:
    encoder = WeightedEncoder(classifier(), name, 0.5)
    spec, parity = export(encoder, str(tmp_path), label(), SAMPLE)
    assert parity.exported_cosine >= 0.9999
    session = onnxruntime.InferenceSession(tmp_path / spec.file)
    for count in (1, 5):  # the number of pictures is free
        inputs = to_input(SAMPLE[:count], SPEC)
        embedding, logits = session.run(None, {"pixel_values": inputs.contiguous().numpy()})
        with torch.inference_mode():
            expected = encoder(inputs)
        assert np.allclose(embedding, expected[0].numpy(), rtol=0.02, atol=0.02)
        assert np.allclose(logits, expected[1].numpy(), rtol=0.02, atol=0.02)


def test_a_mirrored_encoder_does_not_see_left_and_right(tmp_path: Path) -> None:
    model = classifier()
    model.mirror = True
    spec, _ = export(WeightedEncoder(model, "soft", 1.0), str(tmp_path), label(), SAMPLE)
    session = onnxruntime.InferenceSession(tmp_path / spec.file)
    plain, mirrored = (
        session.run(["embedding"], {"pixel_values": to_input(pixels, SPEC).contiguous().numpy()})[0]
        for pixels in (SAMPLE, SAMPLE[:, :, ::-1])
    )
    assert np.allclose(plain, mirrored, rtol=1e-3, atol=1e-4)


def test_weights_are_stored_in_half(tmp_path: Path) -> None:
    encoder = WeightedEncoder(classifier(), "soft", 1.0)
    spec, parity = export(encoder, str(tmp_path), label(), SAMPLE)
    assert parity.stored_weights == "fp16"
    stored = onnx.load(tmp_path / spec.file).graph.initializer
    assert any(tensor.data_type == onnx.TensorProto.FLOAT16 for tensor in stored)


def test_the_file_tells_nothing_of_the_machine(tmp_path: Path) -> None:
    spec, _ = export(WeightedEncoder(classifier(), "soft", 1.0), str(tmp_path), label(), SAMPLE)
    data = (tmp_path / spec.file).read_bytes()
    for place in (os.path.dirname(lookalike.__file__), os.path.dirname(torch.__file__)):
        assert os.fsencode(place) not in data


def test_an_encoder_that_cannot_be_exported(tmp_path: Path) -> None:
    class Odd(nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            flat = pixels.flatten(1)[:, :48]
            return flat if pixels.sum() > 0 else -flat  # which way depends on the picture

    model = Classifier(Odd(), 48, 3, dropout=0.0)
    with pytest.raises(TrainingError, match="cannot be exported"):
        export(WeightedEncoder(model, "soft", 1.0), str(tmp_path), label(), SAMPLE)
    assert list(tmp_path.iterdir()) == []
