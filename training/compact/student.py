"""The student: a light front of its own, then the teacher's late blocks, then a projection.

The teacher, MobileNet-EdgeTPU, spends three quarters of its work above a stride of 8, on plain
convolutions of few channels. The student replaces that part by a front of a tenth of the work and
keeps the blocks after it, which hold nine tenths of the weights and begin as the teacher's own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

DIMENSION = 384
POOLED = 1280
HANDOVER = 48
"""Channels at a stride of 8, where the front ends and the teacher's blocks begin."""


@dataclass(frozen=True, slots=True)
class Block:
    """An inverted residual block (Sandler 2018): expand, depthwise, project."""

    inputs: int
    middle: int
    outputs: int
    kernel: int = 3
    stride: int = 1

    @property
    def residual(self) -> bool:
        """Whether the input is added to the output."""
        return self.stride == 1 and self.inputs == self.outputs and self.middle < 8 * self.inputs


TEACHERS = (
    Block(48, 384, 96, stride=2),
    *[Block(96, 384, 96)] * 3,
    Block(96, 768, 96),
    *[Block(96, 384, 96)] * 3,
    Block(96, 768, 160, kernel=5, stride=2),
    *[Block(160, 640, 160, kernel=5)] * 3,
    Block(160, 1280, 192),
)
"""The teacher's late blocks."""
SPARED = (3, 7)
"""Those that the student does without: the last of each three alike at a stride of 16."""
LATE = tuple(shape for place, shape in enumerate(TEACHERS) if place not in SPARED)


class InvertedResidual(nn.Module):
    """One of the teacher's blocks, its normalisation folded into its convolutions."""

    def __init__(self, shape: Block) -> None:
        super().__init__()
        self.shape = shape
        middle, kernel, stride = shape.middle, shape.kernel, shape.stride
        self.expand = nn.Conv2d(shape.inputs, middle, 1)
        inside = 0 if stride == 2 else kernel // 2
        self.depthwise = nn.Conv2d(middle, middle, kernel, stride, inside, groups=middle)
        self.project = nn.Conv2d(middle, shape.outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, height, width) to (n, outputs, height / stride, width / stride)."""
        y = functional.relu(self.expand(x))
        if self.shape.stride == 2:
            # As TensorFlow pads ("SAME"): one more at the end than at the beginning.
            before = (self.shape.kernel - 2) // 2
            after = self.shape.kernel - 2 - before
            y = functional.pad(y, (before, after, before, after))
        y = self.project(functional.relu(self.depthwise(y)))
        found: Tensor = x + y if self.shape.residual else y
        return found


class FusedResidual(nn.Module):
    """A plain 3x3 convolution to more channels, then 1x1 back: quick on wide arithmetic units."""

    def __init__(self, inputs: int, middle: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.widen = _normalised(inputs, middle, 3, stride)
        self.narrow = _normalised(middle, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, height, width) to (n, outputs, height / stride, width / stride)."""
        y = self.narrow(functional.relu(self.widen(x)))
        found: Tensor = x + y if self.residual else y
        return found


class Student(nn.Module):
    """Scaled pixels to an embedding."""

    def __init__(self) -> None:
        super().__init__()
        # Few layers over many pixels: a CPU's matrix units are slow where there are few channels.
        self.front = nn.Sequential(
            _normalised(3, 32, 7, stride=4),
            nn.ReLU(),
            FusedResidual(32, 128, HANDOVER, stride=2),
            FusedResidual(HANDOVER, 96, HANDOVER),
        )
        self.late = nn.Sequential(*[InvertedResidual(shape) for shape in LATE])
        self.last = nn.Conv2d(LATE[-1].outputs, POOLED, 1)
        self.head = nn.Linear(POOLED, DIMENSION)

    def forward(self, pixels: Tensor) -> Tensor:
        """Pixels (n, 3, side, side), `(x - 0.5) / 0.5`, to (n, DIMENSION), not normalised."""
        found: Tensor = self.head(self.pooled(pixels))
        return found

    def pooled(self, pixels: Tensor) -> Tensor:
        """What the head projects, (n, POOLED)."""
        x = functional.relu(self.last(self.late(self.front(pixels))))
        return x.mean(dim=(2, 3)).float()


@dataclass(frozen=True, slots=True)
class Projection:
    """From the teacher's embeddings to the student's targets: `(x - mean) @ directions`.

    Attributes:
        mean: (POOLED,) float32.
        directions: (POOLED, DIMENSION) float32, orthonormal columns.
    """

    mean: NDArray[np.float32]
    directions: NDArray[np.float32]

    def targets(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, POOLED), of length 1, to (n, DIMENSION), of length 1."""
        found = (embeddings - self.mean) @ self.directions
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def principal_directions(embeddings: NDArray[np.float16]) -> Projection:
    """The directions in which embeddings differ most (PCA), about their mean.

    The teacher's embeddings all point one way, into the positive; about their mean, pictures that
    have nothing in common are at right angles, and retrieval is a little better.

    Args:
        embeddings: (n, POOLED), of length 1.
    """
    mean = np.zeros(embeddings.shape[1], np.float64)
    moment = np.zeros((embeddings.shape[1],) * 2, np.float64)
    for start in range(0, len(embeddings), 8192):
        part = embeddings[start : start + 8192].astype(np.float32)
        mean += part.sum(axis=0)
        moment += part.T @ part
    mean /= len(embeddings)
    covariance = moment / len(embeddings) - np.outer(mean, mean)
    directions = np.linalg.eigh(covariance)[1][:, ::-1][:, :DIMENSION]
    return Projection(mean.astype(np.float32), directions.astype(np.float32))


def begin_as(student: Student, teacher: str, projection: Projection) -> None:
    """Give the late blocks the teacher's weights, and the head a projection of unit vectors.

    Args:
        student: changed in place.
        teacher: path of the teacher's ONNX file.
        projection: from `principal_directions`.
    """
    # The teacher's chain ends with its late blocks of three convolutions each, the last 1x1
    # convolution and the class scores.
    theirs = _convolutions(teacher)[-3 * len(TEACHERS) - 2 : -1]
    weights = [each for place, each in enumerate(theirs) if place // 3 not in SPARED]
    own = [part for part in student.late.modules() if isinstance(part, nn.Conv2d)]
    for convolution, (weight, bias) in zip([*own, student.last], weights, strict=True):
        with torch.no_grad():
            convolution.weight.copy_(torch.from_numpy(weight))
            assert convolution.bias is not None  # noqa: S101
            convolution.bias.copy_(torch.from_numpy(bias))
    with torch.no_grad():
        student.head.weight.copy_(torch.from_numpy(projection.directions.T))
        student.head.bias.copy_(torch.from_numpy(-projection.mean @ projection.directions))


def settle_length(student: Student, pixels: Tensor) -> None:
    """Scale the head, which was made for unit vectors, to the length of what it projects."""
    with torch.inference_mode():
        length = student.pooled(pixels).norm(dim=1).mean()
    with torch.no_grad():
        student.head.weight.div_(float(length))


def _normalised(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)
    )


def _convolutions(path: str) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Weight and bias of each convolution, in the order in which the graph computes them."""
    graph = onnx.load(path).graph
    values = {item.name: numpy_helper.to_array(item) for item in graph.initializer}

    def found() -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        for node in graph.node:
            if node.op_type == "Conv":
                yield values[node.input[1]].copy(), values[node.input[2]].copy()

    return list(found())
