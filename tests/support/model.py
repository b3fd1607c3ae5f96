"""A model folder with a real, tiny ONNX encoder: 32 x 32 stretched, one fixed convolution."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lookalike.encoders import EmbeddingSpec, InputSpec, ModelSpec, write_spec

SIDE = 32
DIMENSION = 64


def spec_of(sha256: str, name: str = "tiny", dimension: int = DIMENSION) -> ModelSpec:
    """The record of the tiny model."""
    return ModelSpec(
        name=name,
        file="model.onnx",
        sha256=sha256,
        input=InputSpec(
            name="pixel_values",
            width=SIDE,
            height=SIDE,
            mean=(0.5, 0.5, 0.5),
            std=(0.25, 0.25, 0.25),
        ),
        embedding=EmbeddingSpec(output="embedding", dimension=dimension),
        license="Apache-2.0",
    )


def make_model(folder: Path, seed: int = 7) -> Path:
    """Write `model.onnx` and `model.json`; another seed gives another encoder."""
    rng = np.random.default_rng(seed)
    weights: dict[str, NDArray[np.float32]] = {
        "kernel": (rng.normal(size=(8, 3, 5, 5)) / 9).astype(np.float32),
        "projection": rng.normal(size=(8 * 8 * 8, DIMENSION)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["pixel_values", "kernel"], ["features"], pads=[2, 2, 2, 2]),
        helper.make_node(
            "AveragePool", ["features"], ["pooled"], kernel_shape=[4, 4], strides=[4, 4]
        ),
        helper.make_node("Flatten", ["pooled"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "projection"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", DIMENSION])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    folder.mkdir(parents=True, exist_ok=True)
    data = model.SerializeToString()
    (folder / "model.onnx").write_bytes(data)
    write_spec(spec_of(hashlib.sha256(data).hexdigest()), str(folder))
    return folder
