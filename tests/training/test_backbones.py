"""What training starts from, and what is refused."""

import pickle
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from lookalike.encoders import locate
from lookalike.errors import TrainingError
from lookalike.training.backbones import load_backbone
from lookalike.training.convert import check_parity, from_onnx
from tests.support.model import make_model
from tests.support.pictures import draw


def test_a_timm_model_from_a_random_start() -> None:
    backbone = load_backbone("test_resnet", random_start=True)
    assert backbone.body(torch.zeros(1, 3, 64, 64)).shape == (1, backbone.dimension)


def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(address: str) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", unreachable)
    with pytest.raises(TrainingError, match=r"resnet50 cannot be fetched \(no route to host\)"):
        load_backbone("resnet50")


def test_no_such_backbone() -> None:
    with pytest.raises(TrainingError, match="there is no backbone 'resnet-fifty'"):
        load_backbone("resnet-fifty")


@pytest.mark.parametrize("kind", ["safetensors", "pth"])
def test_a_weights_file(tmp_path: Path, kind: str) -> None:
    donor = timm.create_model("test_resnet", pretrained=False)
    file = tmp_path / f"test_resnet.{kind}"
    if kind == "pth":
        torch.save({"state_dict": donor.state_dict()}, file)
    else:
        save_file(donor.state_dict(), file)
    for name in (str(file), f"test_resnet:{file}"):
        backbone = load_backbone(name)
        ours = backbone.body.state_dict()
        assert all(torch.equal(ours[key], donor.state_dict()[key]) for key in ours)


def test_a_pickle_that_would_run_a_program_is_refused(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "ran",))

    file = tmp_path / "test_resnet.pth"
    file.write_bytes(pickle.dumps({"state_dict": Trap()}))
    with pytest.raises(TrainingError, match="no weights that can be read safely"):
        load_backbone(str(file))
    assert not (tmp_path / "ran").exists()


def test_weights_of_another_network(tmp_path: Path) -> None:
    file = tmp_path / "test_resnet.safetensors"
    save_file({"stem": torch.zeros(3)}, file)
    with pytest.raises(TrainingError, match="does not hold the weights of test_resnet"):
        load_backbone(str(file))


def test_weights_whose_network_is_not_clear(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="write it before the file"):
        load_backbone(str(tmp_path / "weights.pth"))


def test_a_missing_weights_file(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="there is no weights file"):
        load_backbone(f"test_resnet:{tmp_path / 'gone.pth'}")


def test_an_onnx_encoder_becomes_torch_behind_the_gate(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "tiny")
    backbone = load_backbone(str(folder))
    sample = np.stack([np.asarray(draw(seed, 32, 32)) for seed in range(4)])
    assert (backbone.check(sample) or 0) >= 0.9999
    assert sum(value.numel() for value in backbone.body.parameters()) > 8 * 8 * 8 * 64


def test_a_conversion_that_changes_embeddings_is_refused(tmp_path: Path) -> None:
    model = locate(make_model(tmp_path / "tiny"))
    body = from_onnx(model)
    with torch.no_grad():
        next(body.parameters()).mul_(torch.linspace(0, 2, 8).view(-1, 1, 1, 1))
    sample = np.stack([np.asarray(draw(seed, 32, 32)) for seed in range(4)])
    with pytest.raises(TrainingError, match="computes other embeddings"):
        check_parity(body, model, sample)


def test_an_onnx_file_without_a_spec(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "tiny")
    (folder / "model.json").unlink()
    with pytest.raises(TrainingError, match="the backbone cannot be used"):
        load_backbone(str(folder / "model.onnx"))


@pytest.mark.shared
def test_the_shared_model_converts(mobilenet: Path) -> None:
    backbone = load_backbone(str(mobilenet))
    sample = np.stack([np.asarray(draw(seed, 224, 224)) for seed in range(4)])
    assert (backbone.check(sample) or 0) >= 0.9999
    assert backbone.body(torch.zeros(1, 3, 160, 160)).shape == (1, 1280)


def test_the_bundled_encoder_can_be_fine_tuned() -> None:
    """Its weights are stored as fp16 and its graph is newer than the converter: both are undone."""
    backbone = load_backbone("compact")
    side = backbone.input.width
    sample = np.random.default_rng(0).integers(0, 256, (4, side, side, 3), dtype=np.uint8)
    assert (backbone.check(sample) or 0.0) >= 0.9999
    backbone.body.train()
    backbone.body(torch.rand(2, 3, 64, 64)).square().sum().backward()
    assert all(weight.grad is not None for weight in backbone.body.parameters())
