"""The evaluation of a collection: the embeddings that it keeps, as searches meet them."""

import os
from typing import TYPE_CHECKING

import numpy as np

from lookalike.errors import EvaluationError
from lookalike.evaluation.labelled import check_classes
from lookalike.evaluation.measure import Pictures, Subject, numbered
from lookalike.evaluation.records import Evaluation, EvaluationListener
from lookalike.evaluation.summing import INSTANCES, Progress, copies, cost_of, sum_up
from lookalike.store import StoredFile
from lookalike.types import Embeddings, Skipped, is_address

if TYPE_CHECKING:
    from lookalike.collection import Collection


def evaluate_collection(
    collection: "Collection",
    *,
    instances: int = INSTANCES,
    seed: int = 0,
    on_progress: EvaluationListener | None = None,
) -> Evaluation:
    """Measure a collection's encoder by the embeddings that are stored; nothing is written.

    A picture's class is the folder right below the one that was indexed. Pictures are read only to
    make changed copies of some.

    Args:
        collection: of pictures in one sub-folder a class, in a folder or on a server.
        instances: how many pictures are changed for instance recall, at least 1.
        seed: of all that is drawn.
        on_progress: called once a batch.

    Raises:
        CollectionNotFoundError: it does not exist yet.
        EvaluationError: it has fewer than two classes, a class with fewer than two pictures, or a
            picture that is to be changed cannot be read.
        EncoderError: the encoder cannot be used.
        StoreUnavailableError: the server does not answer.
    """
    if instances < 1:
        raise EvaluationError("instance recall needs at least one picture to change")
    count = collection.count()
    encoder = collection.encoder
    progress = Progress(on_progress, count + copies(count, instances))
    progress.stage = f"reading, {encoder.spec.name}"
    stored: list[StoredFile] = []
    parts: list[Embeddings] = []
    for files, vectors in collection.scan():
        stored += files
        parts.append(vectors)
        progress.count(len(files))
    rows, data = _labelled(collection, stored)
    subject = Subject(
        encoder.spec.name,
        encoder,
        np.concatenate(parts)[rows],
        cost_of(encoder),
    )
    return sum_up(
        collection.location,
        data,
        [subject],
        instances=instances,
        seed=seed,
        progress=progress,
    )


def _labelled(collection: "Collection", stored: list[StoredFile]) -> tuple[list[int], Pictures]:
    """The pictures that have a class, sorted by class and path, and where they stand in `stored`.

    Raises:
        EvaluationError: see `check_classes`.
    """
    roots = collection.roots()
    skipped = [Skipped(skip.path, skip.reason) for skip in collection.status().skipped_files]
    found: list[tuple[str, str, int]] = []
    films: set[str] = set()
    for row, each in enumerate(stored):
        path = each.file.path
        name = _class_of(path, roots)
        if each.file.frame is not None:
            films.add(path)
        elif name is None:
            skipped.append(Skipped(path, "it lies in no class's sub-folder"))
        else:
            found.append((name, path, row))
    skipped += [Skipped(path, "it is a film, whose frames are no pictures") for path in films]
    found.sort()
    classes = tuple(sorted({name for name, _, _ in found}))
    numbers = {name: number for number, name in enumerate(classes)}
    labels = np.array([numbers[name] for name, _, _ in found], np.int64)
    counts = np.bincount(labels, minlength=len(classes)).tolist()
    check_classes(collection.location, classes, counts, skipped)
    rows = [row for _, _, row in found]
    return rows, Pictures(
        classes=classes,
        paths=[path for _, path, _ in found],
        labels=labels,
        contents=numbered([stored[row].file.digest for row in rows]),
        skipped=sorted(skipped, key=lambda skip: skip.path),
    )


def _class_of(path: str, roots: list[str]) -> str | None:
    """The folder right below the root that `path` is under."""
    separator = "/" if is_address(path) else os.sep
    for root in roots:
        start = root.rstrip(separator) + separator
        if path.startswith(start):
            name, below, _ = path[len(start) :].partition(separator)
            return name if below else None
    return None
