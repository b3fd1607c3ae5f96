"""What training needs to know of the validation part. The evaluation room measures far more."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from lookalike.encoders import InputSpec
from lookalike.training.pixels import to_input
from lookalike.training.weighting import Classifier
from lookalike.types import Pixels

_BATCH = 64
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a classifier gives for a set: float32 (n, dimension) and (n, classes), on the CPU."""

    embeddings: Tensor
    logits: Tensor


@torch.inference_mode()
def outputs(
    model: Classifier,
    pixels: Pixels,
    spec: InputSpec,
    *,
    device: torch.device,
    low_precision: bool,
    size: int | None = None,
) -> Outputs:
    """Run whole pictures through a classifier.

    Args:
        model: is put into evaluation mode.
        pixels: RGB uint8 (n, side, side, 3).
        spec: the input's scaling, and its size where `size` is None.
        device: where the model is.
        low_precision: compute in bf16.
        size: side in pixels.
    """
    model.eval()
    embeddings, logits = [], []
    for batch in _batches(pixels):
        with torch.autocast(device.type, torch.bfloat16, enabled=low_precision):
            embedding, scores = model(to_input(batch, spec, size).to(device))
        embeddings.append(embedding.float().cpu())
        logits.append(scores.float().cpu())
    return Outputs(torch.cat(embeddings), torch.cat(logits))


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Share of rows whose largest logit is their label, 0..1."""
    return float((logits.argmax(dim=1) == labels).float().mean())


def confusion(logits: Tensor, labels: Tensor) -> Tensor:
    """int64 (classes, classes): how many of true class (row) were taken for which (column)."""
    classes = logits.shape[1]
    return torch.bincount(
        labels * classes + logits.argmax(dim=1), minlength=classes * classes
    ).reshape(classes, classes)


def retrieval(embeddings: Tensor, labels: Tensor) -> tuple[float, float]:
    """Precision at 10 and mean average precision, leave-one-out, by cosine.

    Args:
        embeddings: float32 (n, dimension).
        labels: int64 (n,). A picture that is alone in its class has no average precision.

    Returns:
        Two figures in 0..1, means over the pictures that have a companion; 0 where none has.
    """
    unit = functional.normalize(embeddings, dim=1)
    count = len(labels)
    ranks = torch.arange(1, count, dtype=torch.float32)
    precisions, averages = [], []
    for start in range(0, count, _BLOCK):
        rows = torch.arange(start, min(start + _BLOCK, count))
        similarity = unit[rows] @ unit.T
        similarity[torch.arange(len(rows)), rows] = -torch.inf
        order = similarity.argsort(dim=1, descending=True)[:, :-1]
        right = (labels[order] == labels[rows, None]).float()
        total = right.sum(dim=1)
        average = (right.cumsum(dim=1) / ranks * right).sum(dim=1) / total.clamp(min=1)
        averages.append(average[total > 0])
        precisions.append(right[total > 0, :10].mean(dim=1))
    if not sum(len(some) for some in averages):
        return 0.0, 0.0
    return float(torch.cat(precisions).mean()), float(torch.cat(averages).mean())


def nearest(queries: Tensor, gallery: Tensor) -> Tensor:
    """The row of `gallery` nearest to each query by cosine: int64 (n,)."""
    return (functional.normalize(queries, dim=1) @ functional.normalize(gallery, dim=1).T).argmax(
        dim=1
    )


def _batches(pixels: Pixels) -> Iterator[Pixels]:
    for start in range(0, len(pixels), _BATCH):
        yield pixels[start : start + _BATCH]
