"""What an evaluation gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.bootstrap import Estimate
from lookalike.evaluation.calibration import Calibration
from lookalike.evaluation.cutoff import Cutoff
from lookalike.types import Embeddings, Ids, Skipped

NEIGHBOURS = 10
"""How many neighbours of each picture are kept for the report."""


@dataclass(frozen=True, slots=True)
class EvaluationProgress:
    """A snapshot of a running evaluation.

    Attributes:
        stage: what is being done, for a person.
        done: pictures that went through an encoder, as they are or changed.
        total: how many will have gone through in the end.
    """

    stage: str
    done: int
    total: int


EvaluationListener: TypeAlias = Callable[[EvaluationProgress], None]
"""Called from the evaluating thread, once a batch."""


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Means over the queries of one class, 0..1."""

    name: str
    images: int
    nn_accuracy: float
    precision_at_10: float
    map: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What an encoder costs, on this machine.

    Attributes:
        milliseconds_per_image: wall-clock, reading and decoding included, compiling not; None where
            the embeddings were there already.
        encode_milliseconds_per_image: the part inside the encoder.
        bytes_per_image: size of an embedding in a collection, which keeps float16.
        model_bytes: size of the model file.
    """

    milliseconds_per_image: float | None
    encode_milliseconds_per_image: float | None
    bytes_per_image: int
    model_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEvaluation:
    """How one encoder does on the folder.

    Attributes:
        name: of the encoder, numbered where two have the same.
        source: path of its file.
        sha256: of its file.
        dimension: length of an embedding.
        precision: the arithmetic that it computed in.
        overall: by metric: nn_accuracy, precision_at_10, map, recall_at_10, recall_at_100,
            ndcg_at_10, and instance_recall_at_1.
        classes: the same by class.
        confusion: (classes, classes) int64: queries of which class (row) have a nearest picture of
            which (column).
        instances: share of changed copies that find their original first, by change.
        calibration: what its scores mean.
        cutoff: the recommended threshold.
        cost: time and bytes.
        average_precision: (n,) of every query.
        neighbours: (n, k) the nearest pictures to each, as indices into the paths.
        neighbour_scores: (n, k) their cosines.
        embeddings: (n, dimension) float32.
    """

    name: str
    source: str
    sha256: str
    dimension: int
    precision: str
    overall: dict[str, Estimate]
    classes: list[ClassScores]
    confusion: NDArray[np.int64]
    instances: dict[str, float]
    calibration: Calibration
    cutoff: Cutoff
    cost: Cost
    average_precision: NDArray[np.float64]
    neighbours: Ids
    neighbour_scores: NDArray[np.float32]
    embeddings: Embeddings


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """How encoders do on one labelled folder, all on the same pictures.

    Attributes:
        folder: absolute path; of a collection, its place.
        classes: names; a label is an index into them.
        paths: n pictures that every encoder could use, sorted by class and name.
        labels: (n,) int64.
        models: in the order in which they were given.
        instances: how many pictures were changed for instance recall.
        seed: of the sample, the crops, the bootstrap and the halves of the calibration.
        duplicates: how many of `paths` hold the same bytes as an earlier one; each makes the
            nearest picture of both easy to find.
        skipped: files that are not among `paths`, each with its reason.
        seconds: wall-clock time of it all.
    """

    folder: str
    classes: tuple[str, ...]
    paths: list[str]
    labels: NDArray[np.int64]
    models: list[ModelEvaluation]
    instances: int
    seed: int
    duplicates: int
    skipped: list[Skipped]
    seconds: float

    @property
    def recommended(self) -> ModelEvaluation:
        """The model with the highest harmonic mean of mAP and instance recall@1.

        Either alone is easy to have: a collapsed encoder has the first, a hash of the pixels the
        second. The harmonic mean wants both.
        """
        return max(self.models, key=balance)


def balance(model: ModelEvaluation) -> float:
    """Harmonic mean of mAP and instance recall@1; 0 where either is 0."""
    first = model.overall["map"].value
    second = model.overall["instance_recall_at_1"].value
    return 2 * first * second / (first + second) if first > 0 and second > 0 else 0.0
