"""Small ONNX models and model folders, made by the tests."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lookalike.types import Pixels

SIDE = 32
DIMENSION = 12


def spec_fields(data: bytes, **changes: Any) -> dict[str, Any]:
    """A `model.json` for a graph of `tiny`; dotted names change fields inside."""
    fields: dict[str, Any] = {
        "format": 1,
        "name": "tiny",
        "file": "model.onnx",
        "sha256": hashlib.sha256(data).hexdigest(),
        "input": {
            "name": "pixel_values",
            "width": SIDE,
            "height": SIDE,
            "resize": "stretch",
            "interpolation": "bilinear",
            "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225],
        },
        "embedding": {"output": "embedding", "dimension": DIMENSION},
    }
    for name, value in changes.items():
        *parents, last = name.split("__")
        record = fields
        for parent in parents:
            record = record[parent]
        record[last] = value
    return fields


def write_model(folder: Path, data: bytes, **changes: Any) -> Path:
    """A model folder around an ONNX file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(data)
    (folder / "model.json").write_text(json.dumps(spec_fields(data, **changes)))
    return folder


def tiny(
    *, dimension: int = DIMENSION, seed: int = 1, tail: Callable[["Graph", str], str] | None = None
) -> bytes:
    """Convolution, ReLU, average pool: the anatomy of the real ones, in a few kilobytes.

    `tail` may add nodes behind the embedding and names the new output.
    """
    random = np.random.default_rng(seed)
    graph = Graph()
    weights = random.normal(0, 0.2, (dimension, 3, 5, 5)).astype(np.float32)
    graph.add("Conv", ["pixel_values", graph.value(weights)], "conv", strides=[2, 2])
    graph.add("Relu", ["conv"], "relu")
    graph.add("GlobalAveragePool", ["relu"], "pool")
    graph.add("Flatten", ["pool"], "flat")
    graph.add("Identity", [tail(graph, "flat") if tail else "flat"], "embedding")
    graph.add("Identity", ["flat"], "logits")
    return graph.model({"embedding": ["n", dimension], "logits": ["n", dimension]})


class Graph:
    """Collects the nodes of an ONNX graph."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._values: list[onnx.TensorProto] = []

    def value(self, array: NDArray[Any]) -> str:
        """A constant; its name."""
        name = f"value_{len(self._values)}"
        self._values.append(numpy_helper.from_array(array, name))
        return name

    def add(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """A node; the name of its output."""
        self._nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def model(
        self,
        outputs: dict[str, Sequence[str | int | None]],
        inputs: dict[str, Sequence[str | int | None]] | None = None,
    ) -> bytes:
        """The checked and serialised model."""
        inputs = inputs or {"pixel_values": ["n", 3, "height", "width"]}
        graph = helper.make_graph(
            self._nodes,
            "test",
            [_port(name, shape) for name, shape in inputs.items()],
            [_port(name, shape) for name, shape in outputs.items()],
            self._values,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())


def _port(name: str, shape: Sequence[str | int | None]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def noise(count: int, side: int = SIDE, seed: int = 0) -> Pixels:
    """Random prepared pictures, blocky enough that a convolution sees something."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (count, side // 4, side // 4, 3), dtype=np.uint8)
    return np.ascontiguousarray(small.repeat(4, axis=1).repeat(4, axis=2))


def cosines(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """Row by row."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray((a * b).sum(axis=1) / lengths)


def files_of(shared: Path, kind: str, count: int) -> list[Path]:
    """The first pictures of one class of the Intel test set, by name."""
    return sorted((shared / "data" / "intel" / "test" / kind).iterdir())[:count]
