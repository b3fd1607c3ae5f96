"""The student as a model folder, behind the parity gate.

    python -m training.compact.export WORK OUT [--size 128] [--samples FOLDER]

WORK holds `checkpoint.pt`. OUT receives `model.onnx`, its weights stored as fp16, and `model.json`.
"""

import argparse
import os
import shutil
from typing import Any

import numpy as np
import torch

from lookalike.decode import decode
from lookalike.encoders import EmbeddingSpec, InputSpec, ModelSpec, write_spec
from lookalike.encoders.preprocess import to_pixels
from lookalike.encoders.runtimes import choose
from lookalike.encoders.spec import file_sha256
from lookalike.source import read_file
from lookalike.training.convert import MINIMUM_COSINE, lowest_cosine
from lookalike.training.export import HALF_MINIMUM_COSINE, halve, to_onnx
from lookalike.training.pixels import to_input
from training.compact.student import DIMENSION, Student

FILE = "model.onnx"


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Export the bundled encoder.")
    parser.add_argument("work")
    parser.add_argument("out")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--fp32", action="store_true", help="leave the weights as they are")
    parser.add_argument("--samples", required=True, help="a folder of pictures for the gate")
    given = parser.parse_args()
    state = torch.load(os.path.join(given.work, "checkpoint.pt"), weights_only=True)
    student = Student()
    student.load_state_dict(state["average"])
    student.eval()
    pixels = InputSpec(
        name="pixel_values",
        width=given.size,
        height=given.size,
        resize="stretch",
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    )
    os.makedirs(given.out, exist_ok=True)
    full, path = os.path.join(given.out, "full.onnx"), os.path.join(given.out, FILE)
    to_onnx(student, full, pixels, ("embedding",))
    if given.fp32:
        shutil.copy(full, path)
    else:
        halve(full, path)

    names = sorted(os.path.join(at, n) for at, _, ns in os.walk(given.samples) for n in ns)
    chosen = names[:: max(1, len(names) // 64)][:64]
    sample = np.stack([to_pixels(decode(read_file(name), at_least=256), pixels) for name in chosen])
    with torch.inference_mode():
        expected = student(to_input(sample, pixels)).numpy()
    cosines = {}
    for name, lowest in ((full, MINIMUM_COSINE), (path, HALF_MINIMUM_COSINE)):
        spec = describe(name, pixels, state, {})
        for runtime in ("openvino", "onnxruntime"):
            found = choose(runtime).compile(spec, name, "fp32").run(sample)
            cosine = lowest_cosine(found, expected)
            if not cosine >= lowest:
                raise SystemExit(f"{name} differs from torch in {runtime}: cosine {cosine:.6f}")
            cosines[f"{os.path.basename(name)} {runtime}"] = round(cosine, 7)
    os.unlink(full)
    write_spec(describe(path, pixels, state, cosines), given.out)
    print(f"{path}: {os.path.getsize(path):,} bytes, {cosines}")


def describe(
    path: str, pixels: InputSpec, state: dict[str, Any], cosines: dict[str, float]
) -> ModelSpec:
    """The record of an exported file."""
    return ModelSpec(
        name="compact",
        description="general-purpose, small and fast; distilled from MobileNet-EdgeTPU",
        file=os.path.basename(path),
        sha256=file_sha256(path),
        input=pixels,
        embedding=EmbeddingSpec(dimension=DIMENSION, output="embedding"),
        license="Apache-2.0",
        source="trained by training/compact; see docs/models/compact.md",
        training={
            "teacher": "mobilenet-edgetpu",
            "round": state["round"],
            "steps": state["step"],
            "lowest_cosine_to_torch": cosines,
        },
    )


if __name__ == "__main__":
    main()
