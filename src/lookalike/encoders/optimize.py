"""An int8 version of an encoder: quantised by NNCF, and kept only if its embeddings hold.

The result is a model folder like any other, with a file and so an identity of its own: a
collection made with the original does not open with it, and vectors of both are never mixed.
It takes pictures alone: a text side stays with the original.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.encoders.encoder import Encoder
from lookalike.encoders.locate import LocatedModel
from lookalike.encoders.spec import Optimization, file_sha256, write_spec
from lookalike.errors import EncoderError, RuntimeUnavailableError
from lookalike.types import Pixels

MINIMUM_MEAN_COSINE = 0.98
"""What the embeddings of pictures that were not calibrated with have to keep, on average."""

MINIMUM_PICTURES = 32

_HELD_OUT = 4  # every fourth picture measures, the others calibrate
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Optimized:
    """What came of it: the folder, and how far embeddings strayed (cosine with the original's)."""

    folder: str
    record: Optimization


def optimize(model: LocatedModel, pictures: Sequence[Pixels], folder: str) -> Optimized:
    """Write an int8 version of a model into `folder`.

    Args:
        model: the original, in full precision.
        pictures: the user's own, prepared by this model's encoder, `MINIMUM_PICTURES` or more.
        folder: for the new model; made if need be.

    Raises:
        EncoderError: there are too few pictures, embeddings stray too far, or the folder has a
            model already or cannot be written.
        RuntimeUnavailableError: NNCF is not installed.
    """
    if len(pictures) < MINIMUM_PICTURES:
        raise EncoderError(
            f"{len(pictures)} pictures are too few to choose the scales by: give a folder with at "
            f"least {MINIMUM_PICTURES}"
        )
    if model.spec.optimized is not None:
        raise EncoderError(f"{model.spec.name} is an int8 version already; optimize the original")
    path = os.path.join(folder, "model.onnx")
    if os.path.exists(path):
        raise EncoderError(f"there is a model in {folder} already; choose another folder")
    held_out = np.stack(pictures[::_HELD_OUT])
    calibration = [pixels for n, pixels in enumerate(pictures) if n % _HELD_OUT]
    scratch = path + ".new"
    try:
        os.makedirs(folder, exist_ok=True)
        _quantize(model, calibration, scratch)
        spec = replace(
            model.spec,
            name=f"{model.spec.name}-int8",
            file="model.onnx",
            sha256=file_sha256(scratch),
            external_data=None,
            text=None,
        )
        similar = _similarity(model, Encoder(spec, scratch, precision="fp32"), held_out)
        record = Optimization(
            precision="int8",
            original_sha256=model.spec.weights,
            calibrated_with=len(calibration),
            measured_with=len(held_out),
            mean_cosine=float(similar.mean()),
            minimum_cosine=float(similar.min()),
        )
        if record.mean_cosine < MINIMUM_MEAN_COSINE:
            raise EncoderError(
                f"{model.spec.name} loses too much in int8: on your own pictures its embeddings "
                f"keep a cosine of {record.mean_cosine:.3f} on average, and "
                f"{MINIMUM_MEAN_COSINE} is asked for; stay with the original"
            )
        os.replace(scratch, path)
        write_spec(replace(spec, optimized=record), folder)
    except OSError as error:
        raise EncoderError(f"{folder} cannot be written: {error.strerror}") from error
    finally:
        if os.path.exists(scratch):
            os.unlink(scratch)
    return Optimized(folder, record)


def _quantize(model: LocatedModel, calibration: Sequence[Pixels], path: str) -> None:
    try:
        import nncf
        import onnx
    except ImportError as error:
        raise RuntimeUnavailableError(
            "int8 versions are made by NNCF, which is not installed; install it with: "
            "pip install 'lookalike[optimize]'"
        ) from error
    graph = onnx.load(model.file)
    name = model.spec.input.name or graph.graph.input[0].name
    std = np.asarray(model.spec.input.std, dtype=np.float32)
    mean = np.asarray(model.spec.input.mean, dtype=np.float32)

    def feed(pixels: Pixels) -> dict[str, NDArray[np.float32]]:
        scaled = ((pixels.astype(np.float32) / 255 - mean) / std).transpose(2, 0, 1)
        return {name: np.ascontiguousarray(scaled[None], dtype=np.float32)}

    quantized: Any = nncf.quantize(
        graph, nncf.Dataset(list(calibration), feed), subset_size=len(calibration)
    )
    onnx.save(quantized, path)


def _similarity(model: LocatedModel, reduced: Encoder, pictures: Pixels) -> NDArray[np.float64]:
    """Cosines between the embeddings of both, a picture each."""
    original = Encoder(model.spec, model.file, precision="fp32")
    found = []
    for start in range(0, len(pictures), _BATCH):
        part = pictures[start : start + _BATCH]
        a, b = original.embed(part).astype(np.float64), reduced.embed(part).astype(np.float64)
        found.append((a * b).sum(axis=1))
    return np.concatenate(found)
