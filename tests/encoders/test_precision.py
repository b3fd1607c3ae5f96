import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import ANY

import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.encoders import ModelSpec, load, read_spec
from lookalike.encoders.precision import MINIMUM_COSINE, cosines, settle
from lookalike.encoders.runtimes import Precision, Runtime, TextRuntime, choose
from lookalike.types import Pixels

from .models import Graph, noise, tiny, write_model

_EXACT_S = 0.02


@dataclass
class _Fake:
    """A runtime whose bf16 turns embeddings by an angle, and takes seconds, of the test's choice.

    In fp32 a batch takes `_EXACT_S`.
    """

    cosine: float
    seconds: float = 0.0
    name: str = "fake"
    released: str = "1.0"
    fast_first: bool = True
    compiled: list[str] = field(default_factory=list)

    def version(self) -> str:
        return self.released

    def precisions(self) -> list[Precision]:
        return ["bf16", "fp32"] if self.fast_first else ["fp32"]

    def compile(self, spec: ModelSpec, file: str, precision: Precision, lanes: int = 1) -> Runtime:
        self.compiled.append(precision)
        if precision == "fp32":
            return _FakeRuntime(precision, 1.0, _EXACT_S)
        return _FakeRuntime(precision, self.cosine, self.seconds)

    def compile_text(self, spec: ModelSpec, file: str) -> TextRuntime:
        raise AssertionError("words are computed in fp32, without being asked")


@dataclass
class _FakeRuntime:
    precision: Precision
    cosine: float
    seconds: float

    def run(self, batch: Pixels) -> NDArray[np.float32]:
        time.sleep(self.seconds)
        row = [self.cosine, np.sqrt(1 - self.cosine**2)]
        return np.tile(np.array(row, dtype=np.float32), (len(batch), 1))


@pytest.fixture
def spec(tiny_folder: Path) -> ModelSpec:
    return read_spec(str(tiny_folder / "model.json"))


def _records() -> list[str]:
    folder = os.path.join(os.environ["XDG_CACHE_HOME"], "lookalike", "precision")
    if not os.path.isdir(folder):
        return []
    return [os.path.join(folder, name) for name in os.listdir(folder)]


def test_a_faithful_bf16_is_used_and_remembered(spec: ModelSpec) -> None:
    runtime = _Fake(0.9995)
    assert settle(runtime, spec, "f", noise(20)).precision == "bf16"
    assert sorted(runtime.compiled) == ["bf16", "fp32"]
    (record,) = _records()
    with open(record, "rb") as file:
        assert json.load(file) == {
            "precision": "bf16",
            "minimum_cosine": pytest.approx(0.9995, abs=1e-5),
            "times_as_fast": ANY,
            "pictures": 16,
        }
    again = _Fake(0.9995)
    assert settle(again, spec, "f", noise(1)).precision == "bf16"
    assert again.compiled == ["bf16"]


def test_a_bf16_that_takes_longer_is_not_used(spec: ModelSpec) -> None:
    assert settle(_Fake(0.9995, 3 * _EXACT_S), spec, "f", noise(20)).precision == "fp32"
    (record,) = _records()
    with open(record, "rb") as file:
        assert json.load(file)["times_as_fast"] < 1
    again = _Fake(0.9995)
    assert settle(again, spec, "f", noise(1)).precision == "fp32"
    assert again.compiled == ["fp32"]


def test_a_drifting_bf16_falls_back_and_is_remembered(spec: ModelSpec) -> None:
    assert settle(_Fake(0.99), spec, "f", noise(2)).precision == "fp32"
    again = _Fake(0.99)
    assert settle(again, spec, "f", noise(20)).precision == "fp32"
    assert again.compiled == ["fp32"]


def test_one_picture_is_not_enough_to_trust_bf16_for_ever(spec: ModelSpec) -> None:
    assert settle(_Fake(0.9999), spec, "f", noise(1)).precision == "bf16"
    assert _records() == []


def test_a_record_counts_for_its_model_and_version_only(spec: ModelSpec) -> None:
    settle(_Fake(0.99), spec, "f", noise(20))
    newer = _Fake(0.9999, released="1.1")
    assert settle(newer, spec, "f", noise(20)).precision == "bf16"
    assert len(_records()) == 2


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"precision": "int8", "minimum_cosine": 1, "pictures": 1}', b"\xff\xfe",
     b'{"precision": "\xff"}'],
)  # fmt: skip
def test_a_corrupt_record_is_measured_again(spec: ModelSpec, data: bytes) -> None:
    settle(_Fake(0.99), spec, "f", noise(20))
    (record,) = _records()
    with open(record, "wb") as file:
        file.write(data)
    runtime = _Fake(0.99)
    assert settle(runtime, spec, "f", noise(20)).precision == "fp32"
    assert sorted(runtime.compiled) == ["bf16", "fp32"]
    with open(record, "rb") as file:
        assert json.load(file)["pictures"] == 16


def test_a_cache_that_cannot_be_written_does_not_stop_anything(
    spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert settle(_Fake(0.9999), spec, "f", noise(20)).precision == "bf16"


def test_without_native_bf16_nothing_is_measured(spec: ModelSpec) -> None:
    runtime = _Fake(1.0, fast_first=False)
    assert settle(runtime, spec, "f", noise(20)).precision == "fp32"
    assert runtime.compiled == ["fp32"]
    assert _records() == []


@pytest.mark.parametrize(
    ("fast", "expected"),
    [([[1.0, 0.0]], 1.0), ([[0.0, 1.0]], 0.0), ([[np.nan, 1.0]], -1.0), ([[0.0, 0.0]], -1.0),
     ([[np.inf, 0.0]], -1.0)],
)  # fmt: skip
def test_cosines(fast: list[list[float]], expected: float) -> None:
    class Fixed:
        precision: Precision = "fp32"

        def __init__(self, rows: list[list[float]]) -> None:
            self.rows = np.array(rows, dtype=np.float32)

        def run(self, batch: Pixels) -> NDArray[np.float32]:
            return self.rows

    assert cosines(Fixed(fast), Fixed([[1.0, 0.0]]), noise(1)).min() == pytest.approx(expected)


def _amplified(graph: Graph, name: str) -> str:
    """The embedding minus itself, once through a sum with a large number: all rounding error."""
    large = graph.value(np.full(1, 64, dtype=np.float32))
    graph.add("Add", [name, large], "lifted")
    eye = graph.value(np.eye(12, dtype=np.float32))
    graph.add("MatMul", ["lifted", eye], "through")
    return graph.add("Sub", ["through", large], "lowered")


@pytest.mark.skipif("bf16" not in choose("openvino").precisions(), reason="this CPU has no bf16")
def test_a_real_model_that_bf16_ruins_is_computed_in_fp32(tmp_path: Path) -> None:
    write_model(tmp_path, tiny(tail=_amplified))
    batch = noise(20)
    fast = load(tmp_path, runtime="openvino", precision="bf16").embed(batch)
    exact = load(tmp_path, runtime="openvino", precision="fp32").embed(batch)
    assert (fast * exact).sum(axis=1).min() < MINIMUM_COSINE
    encoder = load(tmp_path, runtime="openvino")
    assert np.allclose(encoder.embed(batch), exact, atol=1e-5)
    assert encoder.precision == "fp32"
    assert len(_records()) == 1


@dataclass
class _Blank:
    """Blank pictures have no direction: all zero in fp32, and noise in bf16."""

    precision: Precision

    def run(self, batch: Pixels) -> NDArray[np.float32]:
        blank = batch.reshape(len(batch), -1).max(axis=1) == 0
        rows = np.ones((len(batch), 2), dtype=np.float32)
        rows[blank] = 0 if self.precision == "fp32" else (1, -1)
        if self.precision == "fp32":
            time.sleep(_EXACT_S)
        return rows


def test_blank_pictures_say_nothing_of_the_drift(
    spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Fake, "compile", lambda self, spec, file, precision: _Blank(precision))
    assert settle(_Fake(1), spec, "f", np.zeros_like(noise(20))).precision == "fp32"
    assert _records() == []
    mixed = noise(20)
    mixed[3] = 0
    assert settle(_Fake(1), spec, "f", mixed).precision == "bf16"
