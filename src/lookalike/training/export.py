"""From a trained classifier to a model folder like any other."""

import os
import tempfile
import warnings
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lookalike.encoders import EmbeddingSpec, InputSpec, LogitsSpec, ModelSpec, write_spec
from lookalike.encoders.runtimes import choose
from lookalike.encoders.spec import file_sha256
from lookalike.errors import TrainingError
from lookalike.training.convert import MINIMUM_COSINE, lowest_cosine
from lookalike.training.pixels import to_input
from lookalike.training.weighting import WeightedEncoder
from lookalike.types import Pixels

if TYPE_CHECKING:
    import onnx

MODEL_FILE = "model.onnx"

HALF_MINIMUM_COSINE = 0.999
"""Weights are stored in fp16 only where that turns no picture's embedding further than this."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How close the exported file is to torch: lowest cosine over the sample.

    Attributes:
        pictures: in the sample.
        exported_cosine: of the file in fp32 to torch in fp32; at least `MINIMUM_COSINE`.
        stored_cosine: of the file as it was stored to torch in fp32.
        stored_weights: "fp16" or "fp32", how the file stores them.
    """

    pictures: int
    exported_cosine: float
    stored_cosine: float
    stored_weights: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What the model folder says of the encoder in it.

    Attributes:
        name: of the encoder.
        input: size and scaling of its input.
        dimension: of its embedding.
        classes: what its logits stand for.
        license: of the backbone's weights.
        source: where they are from.
        training: the record for `model.json`; parity is added to it.
    """

    name: str
    input: InputSpec
    dimension: int
    classes: tuple[str, ...]
    license: str
    source: str
    training: dict[str, Any]

    def spec(self, path: str, parity: Parity | None = None) -> ModelSpec:
        """The record of the file at `path`; with `parity`, as it is kept in the folder."""
        return ModelSpec(
            name=self.name,
            description=f"{self.source}, fine-tuned on {len(self.classes)} classes",
            file=MODEL_FILE if parity else os.path.basename(path),
            sha256=file_sha256(path),
            input=self.input,
            embedding=EmbeddingSpec(dimension=self.dimension, output="embedding"),
            logits=LogitsSpec(output="logits", classes=list(self.classes)),
            license=self.license,
            source=self.source,
            training={**self.training, "parity": asdict(parity)} if parity else None,
        )


def export(
    encoder: WeightedEncoder, folder: str, label: Label, sample: Pixels
) -> tuple[ModelSpec, Parity]:
    """Write `model.onnx` and `model.json`, behind a parity gate.

    Args:
        encoder: on the CPU.
        folder: exists; the two files in it are replaced only once the gate is passed.
        label: for `model.json`.
        sample: real pictures, RGB uint8 (n, height, width, 3) of the encoder's input.

    Raises:
        TrainingError: the exported file computes other embeddings, or cannot be written.
    """
    encoder.eval()
    with torch.inference_mode():
        expected = encoder(to_input(sample, label.input))[0].numpy()
    with tempfile.TemporaryDirectory(dir=folder, prefix=".export-") as scratch:
        full = os.path.join(scratch, "full.onnx")
        half = os.path.join(scratch, "half.onnx")
        to_onnx(encoder, full, label.input, ("embedding", "logits"))
        exported = _agreement(label.spec(full), full, sample, expected)
        if not exported >= MINIMUM_COSINE:
            raise TrainingError(
                f"the exported encoder computes other embeddings than the trained one (cosine "
                f"{exported:.6f}, at least {MINIMUM_COSINE} is needed); choose another backbone"
            )
        halve(full, half)
        stored = _agreement(label.spec(half), half, sample, expected)
        if stored >= HALF_MINIMUM_COSINE:
            chosen, parity = half, Parity(len(sample), exported, stored, "fp16")
        else:
            chosen, parity = full, Parity(len(sample), exported, exported, "fp32")
        spec = label.spec(chosen, parity)
        os.replace(chosen, os.path.join(folder, MODEL_FILE))
    write_spec(spec, folder)
    return spec, parity


def _agreement(spec: ModelSpec, path: str, sample: Pixels, expected: NDArray[np.float32]) -> float:
    """The lowest cosine between what the product's runtime computes and what torch did."""
    found = choose().compile(spec, path, "fp32").run(sample)
    return lowest_cosine(found, expected)


def to_onnx(encoder: nn.Module, path: str, spec: InputSpec, outputs: tuple[str, ...]) -> None:
    """Write a torch module as one ONNX file for batches of any size.

    Args:
        encoder: on the CPU, in evaluation mode; scaled pixels to one tensor an output.
        path: of the file.
        spec: of its input.
        outputs: their names.

    Raises:
        TrainingError: it cannot be exported or written.
    """
    import onnx

    example = torch.zeros(2, 3, spec.height, spec.width)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                encoder,
                (example,),
                input_names=["pixel_values"],
                output_names=list(outputs),
                dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
                dynamo=True,
                verbose=False,
            )
            model = cast(torch.onnx.ONNXProgram, program).model_proto
            _leave_out_traces(model)
            onnx.save(model, path)
    except Exception as error:  # the exporter has a tree of its own, and OSError for a full disk
        raise TrainingError(
            f"the trained encoder cannot be exported ({str(error).strip().splitlines()[0]}); "
            "choose another backbone, or free some space and run the same command again"
        ) from error


def _leave_out_traces(model: "onnx.ModelProto") -> None:
    """The exporter writes beside each step where in whose files it comes from."""
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")


def halve(source: str, target: str) -> None:
    """Store large fp32 weights as fp16, cast back where they are read; arithmetic stays as it was.

    Runtimes fold the casts when they load the file.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(source)
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size < 1024 or np.abs(values).max() > np.finfo(np.float16).max:
            continue
        plain = tensor.name
        stored = numpy_helper.from_array(values.astype(np.float16), f"{plain}.fp16")
        tensor.CopyFrom(stored)
        casts.append(
            helper.make_node(
                "Cast", [f"{plain}.fp16"], [plain], name=f"{plain}.cast", to=TensorProto.FLOAT
            )
        )
    for position, node in enumerate(casts):
        model.graph.node.insert(position, node)
    onnx.save(model, target)
