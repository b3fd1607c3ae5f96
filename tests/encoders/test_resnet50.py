"""ResNet50's average pool through our whole path against torch's and torchvision's own."""

import io
import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torchvision.models import resnet50
from torchvision.transforms import (
    CenterCrop,
    Compose,
    InterpolationMode,
    Normalize,
    Resize,
    ToTensor,
)

from lookalike.decode import decode
from lookalike.demo import KINDS
from lookalike.encoders import (
    CATALOGUE,
    EmbeddingSpec,
    Encoder,
    InputSpec,
    LocatedModel,
    ModelSpec,
    load,
    locate,
    write_spec,
)
from lookalike.encoders.runtimes import choose
from lookalike.encoders.spec import Interpolation, file_sha256

from ..decode.samples import encoded
from .models import cosines, files_of

_INPUT = replace(CATALOGUE["resnet50"].input, interpolation="bilinear")
"""The preprocessing that torchvision publishes with the weights of its first release."""


class _Pool(torch.nn.Module):
    """ResNet50 cut at the average pool, (n, 2048, 1, 1)."""

    def __init__(self) -> None:
        super().__init__()
        network = resnet50(weights=None)
        self.body = torch.nn.Sequential(*list(network.children())[:-1])

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.body(pixel_values))


def _preprocess(spec: InputSpec) -> Compose:
    return Compose(
        [
            Resize(256, interpolation=InterpolationMode(spec.interpolation)),
            CenterCrop(224),
            ToTensor(),
            Normalize(spec.mean, spec.std),
        ]
    )


@pytest.fixture(scope="module")
def files() -> list[bytes]:
    """Small ones as they are, and large ones that are not square, re-saved as JPEG."""
    shared = Path(os.environ.get("LOOKALIKE_SHARED", "../shared"))
    if (shared / "data" / "intel" / "test").is_dir():
        kinds = ("buildings", "forest", "glacier", "mountain", "sea", "street")
        small = [file.read_bytes() for kind in kinds for file in files_of(shared, kind, 1)]
    else:
        kinds = ("sea", "bauhaus", "nebula", "flowers", "tartan", "stained-glass")
        drawn = [KINDS[kind](np.random.default_rng(n), (150, 150)) for n, kind in enumerate(kinds)]
        small = [encoded(picture, "JPEG", quality=92) for picture in drawn]
    large = []
    for data, size in zip(
        small, [(1600, 1000), (1000, 1600), (2200, 1650), (640, 480), (301, 999)], strict=False
    ):
        with Image.open(io.BytesIO(data)) as image:
            bigger = image.convert("RGB").resize(size, Image.Resampling.BICUBIC)
        large.append(encoded(bigger, "JPEG", quality=92))
    return small + large


@pytest.fixture(scope="module")
def network(files: list[bytes]) -> Iterator[_Pool]:
    """Seeded random weights; batch normalisation has the statistics of real pictures."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.manual_seed(50)
    network = _Pool()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            # Normalised fully by one batch, random layers amplify noise as no trained ones do.
            module.momentum = 0.3
    with torch.no_grad():
        network.train()(_batch(files, _INPUT))
    yield network.eval()
    torch.set_num_threads(threads)


def _batch(files: list[bytes], spec: InputSpec) -> torch.Tensor:
    steps = _preprocess(spec)
    return torch.stack([steps(Image.open(io.BytesIO(data)).convert("RGB")) for data in files])


def _torchs_own(network: _Pool, files: list[bytes], spec: InputSpec) -> NDArray[np.float32]:
    with torch.inference_mode():
        return np.asarray(network(_batch(files, spec)).flatten(1).numpy())


@pytest.fixture(scope="module")
def model(network: _Pool, tmp_path_factory: pytest.TempPathFactory) -> LocatedModel:
    """The network in a model folder."""
    folder = tmp_path_factory.mktemp("resnet50")
    file = folder / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter warns of its own dependencies
        torch.onnx.export(
            network,
            (torch.zeros(2, 3, 224, 224),),
            str(file),
            input_names=["pixel_values"],
            output_names=["embedding"],
            dynamic_shapes={"pixel_values": {0: torch.export.Dim("n")}},
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    spec = ModelSpec(
        name="resnet50-random",
        file="model.onnx",
        sha256=file_sha256(str(file)),
        input=_INPUT,
        embedding=EmbeddingSpec(dimension=2048),
    )
    write_spec(spec, str(folder))
    return locate(folder)


def _ours(encoder: Encoder, files: list[bytes]) -> NDArray[np.float32]:
    pictures = [decode(data, at_least=encoder.decode_hint) for data in files]
    return encoder.embed(np.stack([encoder.prepare(picture) for picture in pictures]))


def _agree(seen: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    assert seen.shape == expected.shape == (len(expected), 2048)
    assert cosines(seen, expected).min() >= 0.9999
    # Random networks give all pictures much in common; without that it is the same as well.
    lengths = np.linalg.norm(expected, axis=1, keepdims=True)
    middle = (expected / lengths).mean(axis=0)
    assert np.linalg.norm(middle) < 0.995
    assert cosines(seen - middle, expected / lengths - middle).min() >= 0.999


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_our_embedding_is_torchs_average_pool(
    interpolation: Interpolation, model: LocatedModel, network: _Pool, files: list[bytes]
) -> None:
    """Bilinear as torchvision publishes it, bicubic as the catalogue's file is published."""
    spec = replace(_INPUT, interpolation=interpolation)
    assert (spec == CATALOGUE["resnet50"].input) == (interpolation == "bicubic")
    expected = _torchs_own(network, files, spec)
    for runtime in ("openvino", "onnxruntime") if interpolation == "bilinear" else ("openvino",):
        encoder = Encoder(
            replace(model.spec, input=spec), model.file, runtime=runtime, precision="fp32"
        )
        _agree(_ours(encoder, files), expected)


@pytest.mark.skipif("bf16" not in choose("openvino").precisions(), reason="this CPU has no bf16")
def test_drift_of_bf16(model: LocatedModel, files: list[bytes]) -> None:
    exact = _ours(load(model, runtime="openvino", precision="fp32"), files)
    fast = _ours(load(model, runtime="openvino", precision="bf16"), files)
    drift = cosines(fast, exact)
    print(f"ResNet50, bf16 to fp32: lowest cosine {drift.min():.6f}, mean {drift.mean():.6f}")
    assert drift.min() >= 0.999
