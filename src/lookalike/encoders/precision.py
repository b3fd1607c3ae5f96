"""Which arithmetic to compute in: the fastest one that this model keeps its embeddings in.

The first time a model meets a machine that computes bf16 natively, its first batch is embedded in
both precisions, for what it changes and for what it takes: a CPU without matrix units (AMX) may
have bf16 and be slower in it. What that measured is kept beside the user's other caches, so that
later processes compile once.
"""

import os
import tempfile
import time

import msgspec
import numpy as np
from numpy.typing import NDArray

from lookalike.encoders.runtimes import Precision, Runtime, RuntimeFactory
from lookalike.encoders.spec import ModelSpec
from lookalike.types import Pixels

MINIMUM_COSINE = 0.999
"""A picture's embedding in reduced precision may not stray further from its own in fp32."""

_SAMPLE = 16
_TURNS = 3

_SLOWER = 0.85
"""Below so many times fp32's speed, reduced precision does not pay: nearer to 1 it may be noise."""

_BRIEF_S = 0.01
"""What takes less in fp32 is too brief to be timed, and to matter."""


class _Measured(msgspec.Struct):
    precision: Precision
    minimum_cosine: float
    times_as_fast: float
    pictures: int

    @property
    def passed(self) -> bool:
        """Whether the precision keeps the embeddings, and is worth it."""
        return self.minimum_cosine >= MINIMUM_COSINE and self.times_as_fast >= _SLOWER


def settle(factory: RuntimeFactory, spec: ModelSpec, file: str, batch: Pixels) -> Runtime:
    """Compile in the native reduced precision if that pays and passes the drift gate, or in fp32.

    Args:
        factory: the runtime.
        spec: the model's record.
        file: path of its ONNX file.
        batch: real pictures to measure with, RGB uint8 (n, height, width, 3).

    Raises:
        ModelSpecError: the file does not fit its spec.
        EncoderError: inference failed.
    """
    precision = factory.precisions()[0]
    if precision == "fp32":
        return factory.compile(spec, file, "fp32")
    record = _record_path(factory, spec)
    known = _read(record)
    if known is not None and known.precision == precision:
        return factory.compile(spec, file, precision if known.passed else "fp32")
    fast = factory.compile(spec, file, precision)
    exact = factory.compile(spec, file, "fp32")
    sample = batch[:_SAMPLE]
    similar = cosines(fast, exact, sample)
    if not len(similar):
        return exact
    found = _Measured(
        precision, float(similar.min()), times_as_fast(fast, exact, sample), len(similar)
    )
    # One picture alone says too little to be remembered for all to come.
    if found.pictures >= _SAMPLE or found.minimum_cosine < MINIMUM_COSINE:
        _write(record, found)
    return fast if found.passed else exact


def times_as_fast(fast: Runtime, exact: Runtime, sample: Pixels) -> float:
    """How many times as fast the first is, by the best of a few turns of both; 1 if that is brief.

    Both have run before.
    """
    best = [float("inf")] * 2
    for _ in range(_TURNS):
        for which, runtime in enumerate((fast, exact)):
            started = time.perf_counter()
            runtime.run(sample)
            best[which] = min(best[which], time.perf_counter() - started)
    return best[1] / max(best[0], 1e-9) if best[1] >= _BRIEF_S else 1.0


def cosines(fast: Runtime, exact: Runtime, sample: Pixels) -> NDArray[np.float64]:
    """Cosine similarity between the two embeddings of each picture; NaN counts as -1.

    Pictures whose exact embedding has no direction (a blank one may be all zero) are left out.
    """
    a = fast.run(sample).astype(np.float64)
    b = exact.run(sample).astype(np.float64)
    usable = np.linalg.norm(b, axis=1) > 1e-12
    a, b = a[usable], b[usable]
    with np.errstate(all="ignore"):
        similar = (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return np.asarray(np.nan_to_num(similar, nan=-1.0, posinf=-1.0, neginf=-1.0))


def _record_path(factory: RuntimeFactory, spec: ModelSpec) -> str:
    import platformdirs

    folder = platformdirs.user_cache_dir("lookalike", appauthor=False)
    version = "".join(c if c.isalnum() else "-" for c in factory.version())
    return os.path.join(folder, "precision", f"{spec.weights}-{factory.name}-{version}.json")


def _read(path: str) -> _Measured | None:
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read(), type=_Measured)
    except (OSError, ValueError):  # unreadable, cut short, or by another version
        return None


def _write(path: str, measured: _Measured) -> None:
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(path), delete=False) as file:
            file.write(msgspec.json.encode(measured))
        os.replace(file.name, path)
    except OSError:
        pass  # a cache that cannot be written is measured again next time
