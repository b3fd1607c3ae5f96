"""ONNX Runtime, the second adapter: CUDA, CoreML and DirectML come through its providers."""

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from lookalike.encoders.runtimes import Precision, Runtime, per_picture
from lookalike.encoders.runtimes.ports import pick_port, refuse_more_inputs
from lookalike.encoders.spec import ModelSpec
from lookalike.errors import EncoderError, ModelSpecError
from lookalike.types import Pixels


class ONNXRuntime:
    """Runs on every execution provider that the installed package has, best first."""

    name = "onnxruntime"

    def version(self) -> str:
        return str(ort.__version__)

    def precisions(self) -> list[Precision]:
        return ["fp32"]

    def compile(self, spec: ModelSpec, file: str, precision: Precision) -> Runtime:
        options = ort.SessionOptions()
        options.log_severity_level = 3
        try:
            session = ort.InferenceSession(file, options, providers=ort.get_available_providers())
        except Exception as error:  # its exception classes share no public base
            raise ModelSpecError(f"ONNX Runtime cannot use {file}: {error}") from error
        return _Session(session, spec)


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
