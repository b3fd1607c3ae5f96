"""What every evaluation has in common, wherever its embeddings come from."""

import os
import time
from collections.abc import Sequence

import numpy as np

from lookalike.encoders import Encoder
from lookalike.evaluation.instances import CHANGES, embed_changed, found_again, sample
from lookalike.evaluation.measure import Pictures, Subject, measure
from lookalike.evaluation.records import Cost, Evaluation, EvaluationListener, EvaluationProgress

INSTANCES = 300


class Progress:
    """Tells a listener of every picture that is dealt with; made when the evaluation begins.

    Args:
        listener: told, if any.
        total: pictures, and changed copies, that there will be in the end.
    """

    def __init__(self, listener: EvaluationListener | None, total: int) -> None:
        self.stage = ""
        self._listener = listener
        self._done = 0
        self._total = total
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Wall-clock time since the beginning."""
        return time.perf_counter() - self._began

    def count(self, more: int) -> None:
        """`more` of them are done."""
        self._done += more
        if self._listener:
            self._listener(EvaluationProgress(self.stage, self._done, self._total))


def copies(pictures: int, instances: int) -> int:
    """How many changed copies an encoder gets to see."""
    return min(instances, pictures) * len(CHANGES)


def cost_of(
    encoder: Encoder, milliseconds: float | None = None, encode_milliseconds: float | None = None
) -> Cost:
    """What an encoder costs; the times of an image, where they were measured."""
    return Cost(
        milliseconds_per_image=milliseconds,
        encode_milliseconds_per_image=encode_milliseconds,
        bytes_per_image=2 * encoder.dimension,
        model_bytes=os.path.getsize(encoder.file),
    )


def sum_up(
    folder: str,
    data: Pictures,
    subjects: Sequence[Subject],
    *,
    instances: int,
    seed: int,
    progress: Progress,
) -> Evaluation:
    """From embeddings to the evaluation: change some pictures, rank all, take the figures.

    Args:
        folder: what the pictures are of, for a person.
        data: the pictures.
        subjects: the encoders, each with its embeddings of them.
        instances: how many pictures are changed, at most.
        seed: of all that is drawn.
        progress: told of the changed copies.

    Raises:
        EvaluationError: a picture that is to be changed cannot be read.
    """
    progress.stage = "changed copies"
    own = sample(len(data.paths), instances, seed)
    originals = [data.paths[row] for row in own]
    changed = embed_changed(
        originals, [subject.encoder for subject in subjects], seed, progress.count
    )
    results = []
    for subject, queries in zip(subjects, changed, strict=True):
        progress.stage = f"measuring, {subject.name}"
        progress.count(0)
        again = {
            change: found_again(vectors, subject.vectors, own, data.contents)
            for change, vectors in queries.items()
        }
        results.append(measure(subject, data, again, seed))
    return Evaluation(
        folder=folder,
        classes=data.classes,
        paths=data.paths,
        labels=data.labels,
        models=results,
        instances=len(own),
        seed=seed,
        duplicates=len(data.contents) - len(np.unique(data.contents)),
        skipped=data.skipped,
        seconds=progress.seconds,
    )
