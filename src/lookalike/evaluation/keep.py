"""What an evaluation found out about an encoder's scores, kept in its model folder."""

import os
from dataclasses import replace

import numpy as np

from lookalike.encoders import ScoreCalibration, read_spec, write_spec
from lookalike.encoders.spec import SPEC_FILE
from lookalike.errors import EvaluationError, ModelSpecError
from lookalike.evaluation.records import Evaluation, ModelEvaluation

_DIGITS = 5


def check_folder(file: str) -> None:
    """See that a model's file lies in a folder whose spec can take a calibration.

    Args:
        file: path of the model's ONNX file.

    Raises:
        EvaluationError: there is no spec beside it that describes it, or it cannot be written.
    """
    folder = os.path.dirname(file)
    path = os.path.join(folder, SPEC_FILE)
    try:
        fits = read_spec(path).file == os.path.basename(file)
    except ModelSpecError:
        fits = False
    if not fits:
        raise EvaluationError(
            f"{file} is in no model folder, so a calibration has nowhere to go: put it into a "
            f"folder with its {SPEC_FILE}, see docs/formats.md"
        )
    if not (os.access(folder, os.W_OK) and os.access(path, os.W_OK)):
        raise EvaluationError(f"{path} cannot be written: copy the model folder to where it can")


def write_calibration(evaluation: Evaluation, model: ModelEvaluation) -> str:
    """Put what the scores of `model` mean into its spec, and return the spec's path.

    The file and the embeddings stay as they are, so collections made with it go on.

    Raises:
        EvaluationError: see `check_folder`.
    """
    check_folder(model.source)
    folder = os.path.dirname(model.source)
    found = model.calibration
    # The curve of pictures that all score the same is a point.
    scores, first = np.unique(found.scores.round(_DIGITS), return_index=True)
    calibration = ScoreCalibration(
        scores=scores.tolist(),
        probabilities=found.probabilities[first].round(_DIGITS).tolist(),
        threshold=round(model.cutoff.score, _DIGITS),
        pictures=len(evaluation.paths),
        kinds=len(evaluation.classes),
    )
    spec = read_spec(os.path.join(folder, SPEC_FILE))
    try:
        return write_spec(replace(spec, calibration=calibration), folder)
    except OSError as error:
        raise EvaluationError(f"{folder} cannot be written: {error.strerror}") from error
