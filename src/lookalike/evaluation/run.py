"""The evaluation, from top to bottom: embed, rank, change, calibrate, sum up."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.encoders import Encoder, load
from lookalike.errors import EvaluationError
from lookalike.evaluation import metrics
from lookalike.evaluation.bootstrap import estimate
from lookalike.evaluation.calibration import Calibration, PairCounts, calibrate
from lookalike.evaluation.embedding import Embedded, embed_files
from lookalike.evaluation.instances import CHANGES, embed_changed, found_again, sample
from lookalike.evaluation.labelled import LabelledFolder, check_classes, list_labelled
from lookalike.evaluation.ranking import leave_one_out
from lookalike.evaluation.records import (
    NEIGHBOURS,
    ClassScores,
    Cost,
    Evaluation,
    EvaluationListener,
    EvaluationProgress,
    HitsAtThreshold,
    ModelEvaluation,
)
from lookalike.types import Embeddings, Ids, Skipped

INSTANCES = 300


def evaluate(
    folder: str | os.PathLike[str],
    models: Sequence[str | os.PathLike[str] | Encoder],
    *,
    instances: int = INSTANCES,
    seed: int = 0,
    on_progress: EvaluationListener | None = None,
) -> Evaluation:
    """Measure encoders on a labelled folder; nothing is written anywhere.

    Every picture is a query for all others. A file that is bad, or that an encoder refuses, is
    skipped for all encoders, so that all are measured on the same pictures.

    Args:
        folder: has one sub-folder a class.
        models: names, model folders, .onnx files, or loaded encoders.
        instances: how many pictures are changed for instance recall, at least 1.
        seed: of all that is drawn.
        on_progress: called once a batch.

    Raises:
        EvaluationError: the folder has fewer than two classes, a class with fewer than two usable
            pictures, or no model or no picture to change is asked for.
        EncoderError: an encoder cannot be used.
    """
    began = time.perf_counter()
    if not models:
        raise EvaluationError("no model to evaluate; name one with --model")
    if instances < 1:
        raise EvaluationError("instance recall needs at least one picture to change")
    listing = list_labelled(folder)
    encoders = [model if isinstance(model, Encoder) else load(model) for model in models]
    names = _numbered([encoder.spec.name for encoder in encoders])
    copies = min(instances, len(listing.paths)) * len(CHANGES)
    progress = _Progress(on_progress, (len(listing.paths) + copies) * len(encoders))

    embedded = []
    for name, encoder in zip(names, encoders, strict=True):
        progress.stage = f"embedding, {name}"
        embedded.append(embed_files(listing.paths, encoder, progress.count))
    data = _usable(listing, embedded)

    progress.stage = "changed copies"
    own = sample(len(data.paths), instances, seed)
    originals = [data.paths[row] for row in own]
    changed = embed_changed(originals, encoders, seed, progress.count)

    results = []
    for index, (name, encoder) in enumerate(zip(names, encoders, strict=True)):
        progress.stage = f"measuring, {name}"
        progress.count(0)
        vectors = embedded[index].vectors[data.rows]
        again = {
            change: found_again(queries, vectors, own, data.contents)
            for change, queries in changed[index].items()
        }
        cost = _cost(encoder, embedded[index])
        results.append(_measured(name, encoder, vectors, data, again, cost, seed))
    return Evaluation(
        folder=listing.root,
        classes=listing.classes,
        paths=data.paths,
        labels=data.labels,
        models=results,
        instances=len(own),
        seed=seed,
        skipped=data.skipped,
        seconds=time.perf_counter() - began,
    )


@dataclass(frozen=True, slots=True)
class _Pictures:
    """The files that every encoder can use; `contents` is equal where two hold the same bytes."""

    classes: tuple[str, ...]
    rows: Ids
    paths: list[str]
    labels: NDArray[np.int64]
    contents: NDArray[np.int64]
    skipped: list[Skipped]


class _Progress:
    def __init__(self, listener: EvaluationListener | None, total: int) -> None:
        self.stage = ""
        self._listener = listener
        self._done = 0
        self._total = total

    def count(self, more: int) -> None:
        self._done += more
        if self._listener:
            self._listener(EvaluationProgress(self.stage, self._done, self._total))


def _numbered(names: list[str]) -> list[str]:
    return [
        f"{name} #{names[: index + 1].count(name)}" if names.count(name) > 1 else name
        for index, name in enumerate(names)
    ]


def _usable(listing: LabelledFolder, embedded: list[Embedded]) -> _Pictures:
    skipped = list(listing.skipped)
    for reasons in zip(*(one.skipped for one in embedded), strict=True):
        skipped += [reason for reason in reasons if reason is not None][:1]
    rows = np.flatnonzero(np.logical_and.reduce([one.usable for one in embedded]))
    labels = listing.labels[rows]
    counts = np.bincount(labels, minlength=len(listing.classes)).tolist()
    check_classes(listing.root, listing.classes, counts, skipped)
    digests = [embedded[0].digests[row] for row in rows]
    numbers = {digest: number for number, digest in enumerate(dict.fromkeys(digests))}
    return _Pictures(
        classes=listing.classes,
        rows=rows,
        paths=[listing.paths[row] for row in rows],
        labels=labels,
        contents=np.array([numbers[digest] for digest in digests], np.int64),
        skipped=skipped,
    )


def _measured(
    name: str,
    encoder: Encoder,
    vectors: Embeddings,
    data: _Pictures,
    again: dict[str, NDArray[np.bool_]],
    cost: Cost,
    seed: int,
) -> ModelEvaluation:
    count, classes = len(vectors), len(data.classes)
    figures: dict[str, list[metrics.Figures]] = {}
    pairs = PairCounts(data.labels, seed)
    kept = min(NEIGHBOURS, count - 1)
    neighbours = np.zeros((count, kept), np.int64)
    scores = np.zeros((count, kept), np.float32)
    for block in leave_one_out(vectors, data.labels):
        for metric, values in _figures(block.relevant).items():
            figures.setdefault(metric, []).append(values)
        pairs.add(block.rows, block.scores)
        nearest = block.order[:, :kept]
        neighbours[block.rows] = nearest
        scores[block.rows] = np.take_along_axis(block.scores, nearest, axis=1)
    queries = {metric: np.concatenate(parts) for metric, parts in figures.items()}
    found = np.stack(list(again.values())).mean(axis=0)
    calibration = calibrate(pairs)
    return ModelEvaluation(
        name=name,
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
        calibration=calibration,
        hits=_hits(calibration, scores, data.labels[neighbours] == data.labels[:, None]),
        cost=cost,
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


def _by_class(queries: dict[str, metrics.Figures], data: _Pictures) -> list[ClassScores]:
    columns = [
        metrics.mean_by_class(queries[metric], data.labels, len(data.classes)).tolist()
        for metric in ("nn_accuracy", "precision_at_10", "map")
    ]
    counts = np.bincount(data.labels, minlength=len(data.classes)).tolist()
    return [ClassScores(*row) for row in zip(data.classes, counts, *columns, strict=True)]


def _hits(
    calibration: Calibration, scores: NDArray[np.float32], right: NDArray[np.bool_]
) -> HitsAtThreshold:
    kept = scores >= calibration.recommended.score
    return HitsAtThreshold(
        kept=float(kept.mean()),
        right=float(right[kept].mean()) if kept.any() else float("nan"),
        right_of_all=float(right.mean()),
    )


def _cost(encoder: Encoder, embedded: Embedded) -> Cost:
    timed = int(embedded.usable.sum())
    return Cost(
        milliseconds_per_image=1000 * embedded.seconds / timed,
        encode_milliseconds_per_image=1000 * embedded.encode_seconds / timed,
        bytes_per_image=2 * encoder.dimension,
        model_bytes=os.path.getsize(encoder.file),
    )
