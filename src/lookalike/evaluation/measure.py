"""From one encoder's embeddings to all its figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.encoders import Encoder
from lookalike.evaluation import metrics
from lookalike.evaluation.bootstrap import estimate
from lookalike.evaluation.calibration import PairCounts, calibrate
from lookalike.evaluation.cutoff import best_cutoff, shown
from lookalike.evaluation.ranking import leave_one_out
from lookalike.evaluation.records import (
    NEIGHBOURS,
    ClassScores,
    Cost,
    ModelEvaluation,
)
from lookalike.types import Embeddings, Skipped


@dataclass(frozen=True, slots=True)
class Pictures:
    """The files that every encoder can use.

    Attributes:
        classes: names; a label is an index into them.
        paths: n files.
        labels: (n,) int64.
        contents: (n,) int64, equal where two files hold the same bytes.
        skipped: the other files.
    """

    classes: tuple[str, ...]
    paths: list[str]
    labels: NDArray[np.int64]
    contents: NDArray[np.int64]
    skipped: list[Skipped]


def numbered(digests: Sequence[bytes]) -> NDArray[np.int64]:
    """(n,) int64: a number for each content, equal where the digests are."""
    numbers = {digest: number for number, digest in enumerate(dict.fromkeys(digests))}
    return np.array([numbers[digest] for digest in digests], np.int64)


@dataclass(frozen=True, slots=True)
class Subject:
    """An encoder with its (n, dimension) embeddings of the pictures."""

    name: str
    encoder: Encoder
    vectors: Embeddings
    cost: Cost


def measure(
    subject: Subject, data: Pictures, again: dict[str, NDArray[np.bool_]], seed: int
) -> ModelEvaluation:
    """Rank all pictures for each of them once, and take every figure from that.

    Args:
        subject: what is measured.
        data: on what.
        again: (m,) by change: which changed copies found their originals.
        seed: of the bootstrap and the halves of the calibration.
    """
    encoder, vectors = subject.encoder, subject.vectors
    count, classes = len(vectors), len(data.classes)
    figures: dict[str, list[metrics.Figures]] = {}
    pairs = PairCounts(data.labels, seed)
    kept = min(NEIGHBOURS, count - 1)
    neighbours = np.zeros((count, kept), np.int64)
    scores = np.zeros((count, kept), np.float32)
    of_class: list[NDArray[np.float32]] = []
    of_others: list[NDArray[np.float32]] = []
    for block in leave_one_out(vectors, data.labels):
        for metric, values in _figures(block.relevant).items():
            figures.setdefault(metric, []).append(values)
        pairs.add(block.rows, block.scores)
        right, wrong = shown(block)
        of_class.append(right)
        of_others.append(wrong)
        nearest = block.order[:, :kept]
        neighbours[block.rows] = nearest
        scores[block.rows] = np.take_along_axis(block.scores, nearest, axis=1)
    queries = {metric: np.concatenate(parts) for metric, parts in figures.items()}
    found = np.stack(list(again.values())).mean(axis=0)
    return ModelEvaluation(
        name=subject.name,
        source=encoder.file,
        sha256=encoder.spec.sha256,
        dimension=encoder.dimension,
        precision=encoder.precision,
        overall={
            **{metric: estimate(values, seed=seed) for metric, values in queries.items()},
            "instance_recall_at_1": estimate(found, seed=seed),
        },
        classes=_by_class(queries, data),
        confusion=np.bincount(
            data.labels * classes + data.labels[neighbours[:, 0]], minlength=classes * classes
        ).reshape(classes, classes),
        instances={change: float(hits.mean()) for change, hits in again.items()},
        calibration=calibrate(pairs),
        cutoff=best_cutoff(np.concatenate(of_class), np.concatenate(of_others)),
        cost=subject.cost,
        average_precision=queries["map"],
        neighbours=neighbours,
        neighbour_scores=scores,
        embeddings=vectors,
    )


def _figures(relevant: NDArray[np.bool_]) -> dict[str, metrics.Figures]:
    return {
        "nn_accuracy": metrics.nearest_is_right(relevant),
        "precision_at_10": metrics.precision_at(relevant, 10),
        "map": metrics.average_precision(relevant),
        "recall_at_10": metrics.recall_at(relevant, 10),
        "recall_at_100": metrics.recall_at(relevant, 100),
        "ndcg_at_10": metrics.ndcg_at(relevant, 10),
    }


def _by_class(queries: dict[str, metrics.Figures], data: Pictures) -> list[ClassScores]:
    columns = [
        metrics.mean_by_class(queries[metric], data.labels, len(data.classes)).tolist()
        for metric in ("nn_accuracy", "precision_at_10", "map")
    ]
    counts = np.bincount(data.labels, minlength=len(data.classes)).tolist()
    return [ClassScores(*row) for row in zip(data.classes, counts, *columns, strict=True)]
