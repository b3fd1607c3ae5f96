"""Model folders from strangers: refused with a sentence before any runtime opens them."""

import hashlib
import json
import os
import pickle
import random
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from lookalike.encoders import load, locate
from lookalike.encoders.graph import check_graph
from lookalike.errors import ModelSpecError

from .models import DIMENSION, SIDE, noise, tiny, write_model

SEED = 8
KEPT = "weights.bin"


def with_data_outside(folder: Path, location: str = KEPT, **entry: str) -> bytes:
    """The tiny model, its kernel in a file of its own; the graph's file."""
    model = onnx.load_from_string(tiny())
    kernel = next(value for value in model.graph.initializer if len(value.dims) == 4)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / KEPT).write_bytes(kernel.raw_data)
    del kernel.external_data[:]
    for key, value in {"location": location, **entry}.items():
        kernel.external_data.add(key=key, value=value)
    kernel.ClearField("raw_data")
    kernel.data_location = TensorProto.EXTERNAL
    return bytes(model.SerializeToString())


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refusal(folder: Path) -> str:
    with pytest.raises(ModelSpecError) as caught:
        locate(folder)
    return str(caught.value)


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_weights_in_a_file_that_the_spec_names(tmp_path: Path, runtime: str) -> None:
    data = with_data_outside(tmp_path)
    folder = write_model(tmp_path, data, external_data={KEPT: sha256(tmp_path / KEPT)})
    plain = load(write_model(tmp_path / "plain", tiny()), runtime=runtime)
    encoder = load(folder, runtime=runtime)
    np.testing.assert_allclose(encoder.embed(noise(3)), plain.embed(noise(3)), atol=1e-5)


def test_other_weights_are_another_encoder(tmp_path: Path) -> None:
    identities = set()
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        data = with_data_outside(folder)
        (folder / KEPT).write_bytes(
            np.random.default_rng(seed).bytes(os.path.getsize(folder / KEPT))
        )
        write_model(folder, data, external_data={KEPT: sha256(folder / KEPT)})
        identities.add(load(folder).identity.sha256)
    assert len(identities) == 2


def test_weights_that_are_not_those_of_the_spec(tmp_path: Path) -> None:
    data = with_data_outside(tmp_path)
    folder = write_model(tmp_path, data, external_data={KEPT: sha256(tmp_path / KEPT)})
    (folder / KEPT).write_bytes(b"\0" + (folder / KEPT).read_bytes()[1:])
    assert "is not the file that" in refusal(folder)
    (folder / KEPT).unlink()
    assert "cannot read" in refusal(folder)


@pytest.mark.parametrize(
    "location",
    [
        *("/etc/passwd", "../secret", "a/../../secret", "..", "", "./weights.bin"),
        *("sub/weights.bin", "C:\\secret", "\\\\host\\share", "weights.bin\0.txt"),
        *("file:///etc/passwd", "other.bin"),
    ],
)
def test_weights_in_a_place_that_the_spec_does_not_name(tmp_path: Path, location: str) -> None:
    (tmp_path / "secret").write_bytes(b"s" * 4096)
    inside = tmp_path / "model"
    data = with_data_outside(inside, location)
    folder = write_model(inside, data, external_data={KEPT: sha256(inside / KEPT)})
    assert "which the spec does not name" in refusal(folder)


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "sub/weights.bin", "..", "a\\b", "c:d"]
)
def test_a_spec_names_plain_files_only(tmp_path: Path, name: str) -> None:
    folder = write_model(tmp_path, tiny(), external_data={name: "0" * 64})
    assert "has to be a plain name inside the model folder" in refusal(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_that_leads_out_of_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "model"
    data = with_data_outside(inside)
    (inside / KEPT).rename(tmp_path / "elsewhere")
    (inside / KEPT).symlink_to(tmp_path / "elsewhere")
    folder = write_model(inside, data, external_data={KEPT: sha256(inside / KEPT)})
    assert "leads out of" in refusal(folder)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"offset": "100"}, "holds fewer values"),
        ({"offset": "0", "length": "99999999"}, "reaches beyond the end"),
        ({"offset": "-8"}, "is no place in a file"),
        ({"offset": "9" * 19}, "reaches beyond the end"),
        ({"length": "9" * 500}, "is no place in a file"),
        ({"offset": "٣"}, "is no place in a file"),
    ],
)
def test_places_in_a_file_that_are_not_there(
    tmp_path: Path, entry: dict[str, str], said: str
) -> None:
    data = with_data_outside(tmp_path, **entry)
    (tmp_path / KEPT).write_bytes((tmp_path / KEPT).read_bytes()[:300])
    folder = write_model(tmp_path, data, external_data={KEPT: sha256(tmp_path / KEPT)})
    assert said in refusal(folder)


# Graphs


def graph_of(change: Callable[[onnx.GraphProto], None]) -> bytes:
    model = onnx.load_from_string(tiny())
    change(model.graph)
    return bytes(model.SerializeToString())


def claims(dims: list[int]) -> Callable[[onnx.GraphProto], None]:
    def change(graph: onnx.GraphProto) -> None:
        del graph.initializer[0].dims[:]
        graph.initializer[0].dims.extend(dims)

    return change


def endless(graph: onnx.GraphProto) -> None:
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["go_on"])],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("go_on", TensorProto.BOOL, [])],
    )
    graph.node.append(helper.make_node("Loop", ["", ""], [], body=body))


def nested(graph: onnx.GraphProto) -> None:
    inner = helper.make_graph([], "inner", [], [])
    for _ in range(10):
        node = helper.make_node("If", ["x"], [], then_branch=inner)
        inner = helper.make_graph([node], "outer", [], [])
    graph.node.append(helper.make_node("If", ["x"], [], then_branch=inner))


def sparse(graph: onnx.GraphProto) -> None:
    graph.sparse_initializer.add(dims=[2**40])


def many(graph: onnx.GraphProto) -> None:
    graph.node.extend([helper.make_node("Relu", ["a"], ["b"])] * 100_001)


def constant(graph: onnx.GraphProto) -> None:
    value = numpy_helper.from_array(np.zeros(1, np.float32), "c")
    value.dims[0] = 2**30
    graph.node.append(helper.make_node("Constant", [], ["c"], value=value))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (claims([2**31, 2**31, 2**31]), "absurd shape"),
        (claims([2**40]), "absurd shape"),
        (claims([-1, 3, 5, 5]), "absurd shape"),
        (claims([DIMENSION * 1000, 3, 5, 5]), "holds fewer values"),
        (endless, "may never end"),
        (nested, "nested more than"),
        (sparse, "sparse tensors"),
        (many, "more than 100,000 operations"),
        (constant, "holds fewer values"),
    ],
)
def test_graphs_that_claim_too_much(
    tmp_path: Path, change: Callable[[onnx.GraphProto], None], said: str
) -> None:
    assert said in refusal(write_model(tmp_path, graph_of(change)))


def bomb(operator: str, shape: list[int], **attributes: Any) -> bytes:
    """A graph of a few hundred bytes that asks for terabytes."""
    sizes = numpy_helper.from_array(np.array(shape, np.int64), "sizes")
    inputs = {"ConstantOfShape": ["sizes"], "ConvTranspose": ["pixel_values", "kernel"]}
    nodes = [
        helper.make_node(
            operator, inputs.get(operator, ["pixel_values", "sizes"]), ["big"], **attributes
        ),
        helper.make_node("ReduceMax", ["big"], ["most"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Flatten", ["pixel_values"], ["flat"]),
        helper.make_node("Add", ["flat", "most"], ["embedding"]),
    ]
    kernel = numpy_helper.from_array(np.ones((3, 4, 3, 3), np.float32), "kernel")
    graph = helper.make_graph(
        nodes,
        "bomb",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, None)],
        [sizes, kernel],
    )
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    "data",
    [
        bomb("ConstantOfShape", [1, 3, 2**17, 2**17]),
        bomb("Tile", [1, 1, 2**14, 2**14]),
        bomb("Pad", [0, 0, 0, 0, 0, 0, 2**17, 2**17]),
        bomb("ConvTranspose", [], strides=[8192, 8192]),
    ],
    ids=["ConstantOfShape", "Tile", "Pad", "ConvTranspose"],
)
def test_graphs_that_would_need_terabytes(tmp_path: Path, data: bytes) -> None:
    encoder = load(write_model(tmp_path, data), runtime="openvino")
    with pytest.raises(ModelSpecError, match="for one picture is absurd"):
        encoder.embed(noise(1))


# Files that are no graph


class Trap:
    """A pickle of this runs code when it is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("sprung",)


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(Trap()),
        b"",
        b"\0" * 4096,
        b"\xff" * 4096,
        b"PK\x03\x04" + b"\0" * 100,
        b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x0b" * 10_000,
    ],
    ids=["pickle", "empty", "zeros", "ones", "zip", "length that lies", "groups"],
)
def test_files_that_are_no_graph(
    tmp_path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "model" in refusal(write_model(tmp_path / "m", data))
    assert not (tmp_path / "sprung").exists()


def test_damaged_graphs_are_walked_or_refused(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    original = tiny()
    path = tmp_path / "model.onnx"
    for _ in range(500):
        data = bytearray(original)
        for _ in range(rng.randint(1, 8)):
            at = rng.randrange(min(len(data), 2000))
            damage = rng.choice(["flip", "number", "cut"])
            if damage == "flip":
                data[at] ^= 1 << rng.randrange(8)
            elif damage == "number":
                data[at : at + 8] = struct.pack("<Q", rng.choice([0, 2**31, 2**63, 2**64 - 1]))
            elif rng.random() < 0.1:
                del data[at:]
                data += b"\x3a"
        path.write_bytes(data)
        with suppress(ModelSpecError):
            check_graph(str(path), {})


@pytest.mark.parametrize("damage", ["{", "[]", "null", '{"format": 1}', "\0", '{"format": 1e999}'])
def test_specs_that_are_none(tmp_path: Path, damage: str) -> None:
    folder = write_model(tmp_path, tiny())
    (folder / "model.json").write_text(damage)
    assert "is not a model spec" in refusal(folder)


@pytest.mark.parametrize("deep", [100, 100_000])
def test_a_spec_that_is_nested_without_end(tmp_path: Path, deep: int) -> None:
    folder = write_model(tmp_path, tiny())
    fields = json.loads((folder / "model.json").read_text())
    text = json.dumps(fields)[:-1] + ', "training": {"a": ' + "[" * deep + "]" * deep + "}}"
    (folder / "model.json").write_text(text)
    with suppress(ModelSpecError):
        assert locate(folder).spec.name == "tiny"
