"""The evaluation, from top to bottom: embed, rank, change, calibrate, sum up."""

import os
import time
from collections.abc import Sequence

import numpy as np

from lookalike.encoders import Encoder, load
from lookalike.errors import EvaluationError
from lookalike.evaluation.embedding import Embedded, embed_files
from lookalike.evaluation.instances import CHANGES, embed_changed, found_again, sample
from lookalike.evaluation.labelled import LabelledFolder, check_classes, list_labelled
from lookalike.evaluation.measure import Pictures, Subject, measure
from lookalike.evaluation.records import (
    Cost,
    Evaluation,
    EvaluationListener,
    EvaluationProgress,
)

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
        subject = Subject(name, encoder, vectors, _cost(encoder, embedded[index]))
        results.append(measure(subject, data, again, seed))
    return Evaluation(
        folder=listing.root,
        classes=listing.classes,
        paths=data.paths,
        labels=data.labels,
        models=results,
        instances=len(own),
        seed=seed,
        duplicates=len(data.contents) - len(np.unique(data.contents)),
        skipped=data.skipped,
        seconds=time.perf_counter() - began,
    )


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


def _usable(listing: LabelledFolder, embedded: list[Embedded]) -> Pictures:
    skipped = list(listing.skipped)
    for reasons in zip(*(one.skipped for one in embedded), strict=True):
        skipped += [reason for reason in reasons if reason is not None][:1]
    rows = np.flatnonzero(np.logical_and.reduce([one.usable for one in embedded]))
    labels = listing.labels[rows]
    counts = np.bincount(labels, minlength=len(listing.classes)).tolist()
    check_classes(listing.root, listing.classes, counts, skipped)
    digests = [embedded[0].digests[row] for row in rows]
    numbers = {digest: number for number, digest in enumerate(dict.fromkeys(digests))}
    return Pictures(
        classes=listing.classes,
        rows=rows,
        paths=[listing.paths[row] for row in rows],
        labels=labels,
        contents=np.array([numbers[digest] for digest in digests], np.int64),
        skipped=skipped,
    )


def _cost(encoder: Encoder, embedded: Embedded) -> Cost:
    timed = int(embedded.usable.sum())
    return Cost(
        milliseconds_per_image=1000 * embedded.seconds / timed,
        encode_milliseconds_per_image=1000 * embedded.encode_seconds / timed,
        bytes_per_image=2 * encoder.dimension,
        model_bytes=os.path.getsize(encoder.file),
    )
