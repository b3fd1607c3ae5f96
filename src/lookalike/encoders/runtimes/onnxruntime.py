"""ONNX Runtime, the second adapter: CUDA, CoreML and DirectML come through its providers."""

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from lookalike.encoders.runtimes import Precision, Runtime, TextRuntime, per_picture
from lookalike.encoders.runtimes.ports import (
    pick_port,
    pick_text_inputs,
    refuse_more_inputs,
    text_of,
)
from lookalike.encoders.spec import ModelSpec
from lookalike.errors import EncoderError, ModelSpecError
from lookalike.types import Pixels

_GPU_PROVIDERS = frozenset(
    ["CUDAExecutionProvider", "ROCMExecutionProvider", "MIGraphXExecutionProvider"]
)


class ONNXRuntime:
    """Runs on every execution provider that the installed package has, best first."""

    name = "onnxruntime"

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads

    def version(self) -> str:
        return str(ort.__version__)

    def precisions(self) -> list[Precision]:
        return ["fp32"]

    def compile(self, spec: ModelSpec, file: str, precision: Precision, lanes: int = 1) -> Runtime:
        return _Session(_open(file, self._threads), spec)

    def compile_text(self, spec: ModelSpec, file: str) -> TextRuntime:
        return _TextSession(_open(file), spec)


def uses_gpu() -> bool:
    """Whether the installed package computes on GPUs."""
    return not _GPU_PROVIDERS.isdisjoint(ort.get_available_providers())


def _open(file: str, threads: int | None = None) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or 0
    try:
        return ort.InferenceSession(file, options, providers=ort.get_available_providers())
    except Exception as error:  # its exception classes share no public base
        raise ModelSpecError(f"ONNX Runtime cannot use {file}: {error}") from error


class _Session:
    def __init__(self, session: ort.InferenceSession, spec: ModelSpec) -> None:
        self._session = session
        self._spec = spec
        inputs = [port.name for port in session.get_inputs()]
        outputs = [port.name for port in session.get_outputs()]
        pictures = pick_port([[name] for name in inputs], spec.input.name, "input", spec.name)
        refuse_more_inputs([[name] for name in inputs], pictures, spec.name)
        embedding = pick_port(
            [[name] for name in outputs], spec.embedding.output, "output", spec.name
        )
        self._input, self._output = inputs[pictures], outputs[embedding]
        # x / 255 then (x - mean) / std, folded into one multiplication and one addition.
        std = np.asarray(spec.input.std, dtype=np.float32)
        mean = np.asarray(spec.input.mean, dtype=np.float32)
        self._scale = 1 / (255 * std)
        self._shift = -mean / std

    @property
    def precision(self) -> Precision:
        return "fp32"

    def run(self, batch: Pixels) -> NDArray[np.float32]:
        scaled = batch.astype(np.float32) * self._scale + self._shift
        pixels = np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))
        try:
            output = self._session.run([self._output], {self._input: pixels})[0]
        except Exception as error:  # its exception classes share no public base
            raise EncoderError(f"{self._spec.name} failed in ONNX Runtime: {error}") from error
        return per_picture(np.asarray(output, dtype=np.float32), len(batch), self._spec)


class _TextSession:
    def __init__(self, session: ort.InferenceSession, spec: ModelSpec) -> None:
        self._session = session
        self._spec = spec
        inputs = session.get_inputs()
        self._inputs = [
            (inputs[number].name, _whole_numbers(inputs[number].type, spec))
            for number in pick_text_inputs([[port.name] for port in inputs], spec)
        ]
        outputs = [port.name for port in session.get_outputs()]
        output = text_of(spec).output
        self._output = outputs[pick_port([[name] for name in outputs], output, "output", spec.name)]

    def run(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        given = zip(self._inputs, (ids, mask), strict=False)  # not every graph takes the mask
        fed = {name: values.astype(kind) for (name, kind), values in given}
        try:
            output = self._session.run([self._output], fed)[0]
        except Exception as error:  # its exception classes share no public base
            raise EncoderError(f"{self._spec.name} failed in ONNX Runtime: {error}") from error
        return per_picture(np.asarray(output, dtype=np.float32), len(ids), self._spec)


def _whole_numbers(kind: str, spec: ModelSpec) -> type[np.int32] | type[np.int64]:
    if kind == "tensor(int64)":
        return np.int64
    if kind == "tensor(int32)":
        return np.int32
    raise ModelSpecError(f"{spec.name}: its text side takes {kind}, not whole numbers")
