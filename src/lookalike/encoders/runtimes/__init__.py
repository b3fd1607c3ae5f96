"""The inference runtimes behind one small protocol, and the choice between them.

A runtime takes RGB uint8 batches; scaling to floats belongs to its graph, where it is free.
"""

import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

import lookalike.encoders.silence  # noqa: F401  before any runtime
from lookalike.encoders.spec import ModelSpec
from lookalike.errors import EncoderError, RuntimeUnavailableError
from lookalike.types import Pixels

Precision = Literal["fp32", "bf16"]

_MOST_LANES = 8
"""Where there are more cores, each lane takes several."""


class Runtime(Protocol):
    """A compiled model."""

    @property
    def precision(self) -> Precision:
        """The arithmetic that it computes in."""

    def run(self, batch: Pixels) -> NDArray[np.float32]:
        """The graph's embedding output for RGB uint8 (n, height, width, 3).

        Returns:
            (n, dimension) float32, not normalised. Safe to call from several threads.

        Raises:
            EncoderError: inference failed, or the output has not the dimension of the spec.
        """


class TextRuntime(Protocol):
    """The compiled text side of a model."""

    def run(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """The graph's embedding output for one text.

        Args:
            ids: (1, context) token ids.
            mask: (1, context), 1 for a token and 0 for filling.

        Returns:
            (1, dimension) float32, not normalised. Safe to call from several threads.

        Raises:
            EncoderError: inference failed.
        """


class RuntimeFactory(Protocol):
    """A runtime before it has compiled anything."""

    name: str

    def version(self) -> str:
        """The version of the library behind it."""

    def precisions(self) -> list[Precision]:
        """What this machine computes natively, fastest first; always has "fp32"."""

    def compile(self, spec: ModelSpec, file: str, precision: Precision, lanes: int = 1) -> Runtime:
        """Compile the model file.

        Args:
            spec: the model's record.
            file: path of its ONNX file.
            precision: the arithmetic.
            lanes: how many batches are computed at a time, each on its share of the cores. See
                `lanes` below for how many a runtime has.

        Raises:
            ModelSpecError: the file is no usable ONNX model, or does not fit its spec.
        """

    def compile_text(self, spec: ModelSpec, file: str) -> TextRuntime:
        """Compile the file of the text side, in fp32.

        Args:
            spec: the model's record, with its `text`.
            file: the text side's ONNX file.

        Raises:
            ModelSpecError: the file is no usable ONNX model, or does not fit its spec.
        """


def _openvino(threads: int | None) -> RuntimeFactory:
    from lookalike.encoders.runtimes.openvino import OpenVINO

    return OpenVINO(threads)


def _onnxruntime(threads: int | None) -> RuntimeFactory:
    from lookalike.encoders.runtimes.onnxruntime import ONNXRuntime

    return ONNXRuntime(threads)


_FACTORIES: dict[str, Callable[[int | None], RuntimeFactory]] = {
    "openvino": _openvino,
    "onnxruntime": _onnxruntime,
}


def available() -> list[str]:
    """Names of the runtimes that are installed, in the order in which "auto" prefers them."""
    return [name for name in _FACTORIES if find_spec(name) is not None]


def choose(name: str = "auto", threads: int | None = None) -> RuntimeFactory:
    """The runtime of that name, or the preferred one of those installed.

    Args:
        name: see `resolve`.
        threads: how many pictures are computed in; None is one a core.

    Raises:
        RuntimeUnavailableError: see `resolve`; or its installation is broken.
    """
    chosen = resolve(name)
    try:
        return _FACTORIES[chosen](threads)
    except ImportError as error:
        raise RuntimeUnavailableError(
            f"the runtime {chosen} is installed but cannot start ({error}); reinstall it with: "
            f"pip install --force-reinstall {chosen}"
        ) from error


def lanes(name: str, threads: int | None = None) -> int:
    """How many batches a runtime computes at a time, where there are so many callers.

    A batch on a core of its own waits for no other core, so that several at a time are done sooner
    than one after the other by all cores.

    Args:
        name: of the runtime.
        threads: see `choose`; who has said how many has work for that many.
    """
    return min(cores(), _MOST_LANES) if name == "openvino" and threads is None else 1


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gpu_runtime() -> str | None:
    """The name of the runtime that computes on a GPU of this machine; None where none does."""
    if find_spec("onnxruntime") is None:
        return None
    from lookalike.encoders.runtimes.onnxruntime import uses_gpu

    return "onnxruntime" if uses_gpu() else None


def resolve(name: str) -> str:
    """The name of the runtime that `choose` gives, without importing it.

    Raises:
        RuntimeUnavailableError: it is not installed, or not known; the sentence lists what is.
    """
    installed = available()
    if name == "auto" and installed:
        return installed[0]
    if name in installed:
        return name
    there = ", ".join(installed) or "none"
    if name in _FACTORIES or name == "auto":
        wanted = next(iter(_FACTORIES)) if name == "auto" else name
        hint = f"install it with: pip install {wanted}"
    else:
        hint = f"it knows {', '.join(_FACTORIES)} and auto"
    raise RuntimeUnavailableError(f"no runtime {name!r} here (available: {there}); {hint}")


def per_picture(output: NDArray[np.float32], count: int, spec: ModelSpec) -> NDArray[np.float32]:
    """A graph's output as one row a picture, or a text.

    Raises:
        EncoderError: its first dimension is not the batch.
    """
    if output.ndim == 0 or len(output) != count:
        raise EncoderError(
            f"{spec.name} gave an output of shape {output.shape} for a batch of {count}; the "
            "graph's output has to be (n, dimension)"
        )
    return output.reshape(count, -1)
