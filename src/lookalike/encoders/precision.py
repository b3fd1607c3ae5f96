"""Which arithmetic to compute in: the fastest one that this model keeps its embeddings in.

The first time a model meets a machine that computes bf16 natively, its first batch is embedded in
both precisions. What that measured is kept beside the user's other caches, so that later
processes compile once.
"""

import os
import tempfile

import msgspec
import numpy as np
from numpy.typing import NDArray

from lookalike.encoders.runtimes import Precision, Runtime, RuntimeFactory
from lookalike.encoders.spec import ModelSpec
from lookalike.types import Pixels

MINIMUM_COSINE = 0.999
"""A picture's embedding in reduced precision may not stray further from its own in fp32."""

_SAMPLE = 16


class _Drift(msgspec.Struct):
    precision: Precision
    minimum_cosine: float
    pictures: int


def settle(factory: RuntimeFactory, spec: ModelSpec, file: str, batch: Pixels) -> Runtime:
    """Compile in the fastest native precision that passes the drift gate, else in fp32.

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
        passed = known.minimum_cosine >= MINIMUM_COSINE
        return factory.compile(spec, file, precision if passed else "fp32")
    fast = factory.compile(spec, file, precision)
    exact = factory.compile(spec, file, "fp32")
    sample = batch[:_SAMPLE]
    similar = cosines(fast, exact, sample)
    if not len(similar):
        return exact
    drift = _Drift(precision, float(similar.min()), len(similar))
    # One picture alone says too little to be remembered for all to come.
    if drift.pictures >= _SAMPLE or drift.minimum_cosine < MINIMUM_COSINE:
        _write(record, drift)
    return fast if drift.minimum_cosine >= MINIMUM_COSINE else exact


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


def _read(path: str) -> _Drift | None:
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read(), type=_Drift)
    except (OSError, ValueError):  # unreadable, cut short, or by another version
        return None


def _write(path: str, drift: _Drift) -> None:
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(path), delete=False) as file:
            file.write(msgspec.json.encode(drift))
        os.replace(file.name, path)
    except OSError:
        pass  # a cache that cannot be written is measured again next time
