"""The evaluation of a folder, from top to bottom: list, embed, keep what all can use, sum up."""

import os
from collections.abc import Sequence

import numpy as np

from lookalike.encoders import Encoder, load
from lookalike.errors import EvaluationError
from lookalike.evaluation.embedding import Embedded, embed_files
from lookalike.evaluation.labelled import LabelledFolder, check_classes, list_labelled
from lookalike.evaluation.measure import Pictures, Subject, numbered
from lookalike.evaluation.records import Cost, Evaluation, EvaluationListener
from lookalike.evaluation.summing import INSTANCES, Progress, copies, cost_of, sum_up
from lookalike.types import Ids


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
    if not models:
        raise EvaluationError("no model to evaluate; name one with --model")
    if instances < 1:
        raise EvaluationError("instance recall needs at least one picture to change")
    listing = list_labelled(folder)
    encoders = [model if isinstance(model, Encoder) else load(model) for model in models]
    names = _numbered([encoder.spec.name for encoder in encoders])
    each = len(listing.paths) + copies(len(listing.paths), instances)
    progress = Progress(on_progress, each * len(encoders))

    embedded = []
    for name, encoder in zip(names, encoders, strict=True):
        progress.stage = f"embedding, {name}"
        embedded.append(embed_files(listing.paths, encoder, progress.count))
    rows, data = _usable(listing, embedded)
    subjects = [
        Subject(name, encoder, mine.vectors[rows], _cost(encoder, mine))
        for name, encoder, mine in zip(names, encoders, embedded, strict=True)
    ]
    return sum_up(
        listing.root,
        data,
        subjects,
        instances=instances,
        seed=seed,
        progress=progress,
    )


def _numbered(names: list[str]) -> list[str]:
    return [
        f"{name} #{names[: index + 1].count(name)}" if names.count(name) > 1 else name
        for index, name in enumerate(names)
    ]


def _usable(listing: LabelledFolder, embedded: list[Embedded]) -> tuple[Ids, Pictures]:
    """The pictures that every encoder can use, and which of the listed ones they are."""
    skipped = list(listing.skipped)
    for reasons in zip(*(one.skipped for one in embedded), strict=True):
        skipped += [reason for reason in reasons if reason is not None][:1]
    rows = np.flatnonzero(np.logical_and.reduce([one.usable for one in embedded]))
    labels = listing.labels[rows]
    counts = np.bincount(labels, minlength=len(listing.classes)).tolist()
    check_classes(listing.root, listing.classes, counts, skipped)
    return rows, Pictures(
        classes=listing.classes,
        paths=[listing.paths[row] for row in rows],
        labels=labels,
        contents=numbered([embedded[0].digests[row] for row in rows]),
        skipped=skipped,
    )


def _cost(encoder: Encoder, embedded: Embedded) -> Cost:
    timed = int(embedded.usable.sum())
    return cost_of(encoder, 1000 * embedded.seconds / timed, 1000 * embedded.encode_seconds / timed)
