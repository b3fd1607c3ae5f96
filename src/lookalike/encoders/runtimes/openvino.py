"""OpenVINO, the CPU runtime."""

import io
import math
import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino.preprocess import PrePostProcessor

from lookalike.encoders.runtimes import Precision, Runtime, TextRuntime, per_picture
from lookalike.encoders.runtimes.compiled import compiled_path, read_compiled, write_compiled
from lookalike.encoders.runtimes.ports import (
    pick_port,
    pick_text_inputs,
    refuse_more_inputs,
    text_of,
)
from lookalike.encoders.spec import ModelSpec
from lookalike.errors import EncoderError, ModelSpecError
from lookalike.types import Pixels

_MAX_VALUES = 2**28
"""Most values that any step of a graph may give for one picture: a gigabyte in float32."""


_HINTS: dict[Precision, str] = {"bf16": "bf16", "fp32": "f32"}


_computing = threading.Lock()
"""Held while all cores work on one thing: a second one at the same time would gain nothing."""


@cache
def _core() -> Any:
    return ov.Core()


def _device() -> str:
    names = ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES", "INFERENCE_NUM_THREADS")
    return repr([_core().get_property("CPU", name) for name in names])


def _imported(place: str, options: dict[str, str]) -> Any:
    """The model that an earlier process has compiled, or None."""
    data = read_compiled(place)
    if data is None:
        return None
    try:
        return _core().import_model(io.BytesIO(data), "CPU", options)
    except RuntimeError:  # it was written for another machine after all
        return None


def _share(threads: int | None, lanes: int) -> dict[str, str]:
    """Options for some of the cores, or for several batches at a time."""
    options = {}
    if threads is not None:
        # Each of several processes would bind its threads to the same first cores.
        options = {"INFERENCE_NUM_THREADS": str(threads), "ENABLE_CPU_PINNING": "NO"}
    if lanes > 1:  # beside threads that do other things, which would wait for a core that is bound
        options |= {"NUM_STREAMS": str(lanes), "ENABLE_CPU_PINNING": "NO"}
    return options


class OpenVINO:
    """Compiles for this machine's CPU."""

    name = "openvino"

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads

    def version(self) -> str:
        return str(ov.__version__)

    def precisions(self) -> list[Precision]:
        native = _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        return ["bf16", "fp32"] if "BF16" in native else ["fp32"]

    def compile(self, spec: ModelSpec, file: str, precision: Precision, lanes: int = 1) -> Runtime:
        options = _share(self._threads, lanes)
        device = _device() + "".join(options.values())
        place = compiled_path(spec, f"openvino {self.version()}", device, precision)
        options |= {"INFERENCE_PRECISION_HINT": _HINTS[precision]}
        compiled = _compiled(file, place, options, lambda model: _embedding_graph(model, spec))
        turn = _computing if lanes == 1 else nullcontext()
        return _CompiledOpenVINO(compiled, spec, precision, turn)

    def compile_text(self, spec: ModelSpec, file: str) -> TextRuntime:
        place = compiled_path(spec, f"openvino {self.version()}", _device(), "fp32", text=True)
        options = {"INFERENCE_PRECISION_HINT": _HINTS["fp32"]}
        compiled = _compiled(file, place, options, lambda model: _text_graph(model, spec))
        return _CompiledText(compiled, spec)


def _compiled(file: str, place: str, options: dict[str, str], cut: Callable[[Any], Any]) -> Any:
    """The file's graph as `cut` leaves it, compiled; kept at `place` from then on."""
    options = {**options, "PERFORMANCE_HINT": "LATENCY"}
    compiled = _imported(place, options)
    if compiled is not None:
        return compiled
    try:
        compiled = _core().compile_model(cut(_core().read_model(file)), "CPU", options)
        write_compiled(place, compiled.export_model().getvalue())
    except RuntimeError as error:
        raise ModelSpecError(f"OpenVINO cannot use {file}: {_clause(error)}") from error
    return compiled


class _CompiledOpenVINO:
    def __init__(
        self,
        compiled: Any,
        spec: ModelSpec,
        precision: Precision,
        turn: AbstractContextManager[object],
    ) -> None:
        self._compiled = compiled
        self._spec = spec
        self._precision = precision
        self._turn = turn
        self._idle: deque[Any] = deque()

    @property
    def precision(self) -> Precision:
        return self._precision

    def run(self, batch: Pixels) -> NDArray[np.float32]:
        # Into memory of the binding's own: it can lock up for ever where two threads hand it
        # arrays at once.
        pixels = ov.Tensor(ov.Type.u8, batch.shape)
        pixels.data[:] = batch
        with self._turn:
            # The one used last, whose memory is still in the caches.
            try:
                request = self._idle.pop()
            except IndexError:
                request = self._compiled.create_infer_request()
            request.set_input_tensor(pixels)
            try:
                request.infer(share_outputs=True)
            except RuntimeError as error:
                raise EncoderError(
                    f"{self._spec.name} failed in OpenVINO: {_clause(error)}"
                ) from error
            # A copy: the request's memory is overwritten by its next inference.
            output = np.array(request.get_output_tensor(0).data, dtype=np.float32)
            self._idle.append(request)
        return per_picture(output, len(batch), self._spec)


class _CompiledText:
    def __init__(self, compiled: Any, spec: ModelSpec) -> None:
        self._compiled = compiled
        self._spec = spec

    def run(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        given = zip(self._compiled.inputs, (ids, mask), strict=False)  # not all take the mask
        with _computing:
            request = self._compiled.create_infer_request()
            try:
                request.infer(
                    [np.array(values, port.get_element_type().to_dtype()) for port, values in given]
                )
            except RuntimeError as error:
                raise EncoderError(
                    f"{self._spec.name} failed in OpenVINO: {_clause(error)}"
                ) from error
            output = np.array(request.get_output_tensor(0).data, dtype=np.float32)
        return per_picture(output, len(ids), self._spec)


def _text_graph(model: Any, spec: ModelSpec) -> Any:
    """Cut the graph to the embedding of one text: its inputs are the ids, then the mask."""
    text = text_of(spec)
    inputs = [
        model.inputs[n] for n in pick_text_inputs([p.get_names() for p in model.inputs], spec)
    ]
    for port in inputs:
        if port.get_element_type() not in (ov.Type.i64, ov.Type.i32):
            raise ModelSpecError(
                f"{spec.name}: its text side takes {port.get_element_type()}, not whole numbers"
            )
    outputs = [port.get_names() for port in model.outputs]
    output = model.outputs[pick_port(outputs, text.output, "output", spec.name)]
    model = ov.Model([output.get_node().input_value(0)], [port.get_node() for port in inputs])
    model.reshape({port: [1, text.context] for port in model.inputs})
    _refuse_absurd_sizes(model, spec)
    return model


def _embedding_graph(model: Any, spec: ModelSpec) -> Any:
    """Cut the graph to the embedding, with uint8 pixels in and the scaling inside."""
    inputs = [port.get_names() for port in model.inputs]
    pictures = pick_port(inputs, spec.input.name, "input", spec.name)
    refuse_more_inputs(inputs, pictures, spec.name)
    outputs = [port.get_names() for port in model.outputs]
    output = model.outputs[pick_port(outputs, spec.embedding.output, "output", spec.name)]
    model = ov.Model([output.get_node().input_value(0)], model.get_parameters())
    port = model.input(0)
    shape = port.get_partial_shape()
    if len(shape) != 4:
        raise ModelSpecError(f"{spec.name}: the input has {len(shape)} dimensions, not 4 (NCHW)")
    for batch in (1, -1):
        model.reshape({port: [batch, 3, spec.input.height, spec.input.width]})
        if batch == 1:
            _refuse_absurd_sizes(model, spec)
    steps = PrePostProcessor(model)
    pixels = steps.input(0)
    pixels.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    pixels.model().set_layout(ov.Layout("NCHW"))
    scaled = pixels.preprocess().convert_element_type(ov.Type.f32)
    scaled.mean([255 * value for value in spec.input.mean])
    scaled.scale([255 * value for value in spec.input.std])
    return steps.build()


def _refuse_absurd_sizes(model: Any, spec: ModelSpec) -> None:
    """A few bytes of graph can ask for more memory than there is, for one picture."""
    for operation in model.get_ops():
        if operation.get_type_name() == "Constant":  # its values are in the file
            continue
        for port in operation.outputs():
            shape = port.get_partial_shape()
            if shape.is_dynamic:  # what follows from a picture's content, such as a count
                continue
            if math.prod(shape.to_shape()) > _MAX_VALUES:
                raise ModelSpecError(
                    f"{spec.name}: its {operation.get_type_name()} of {shape} for one picture is "
                    f"absurd; the limit is {_MAX_VALUES:,} values"
                )


def _clause(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
