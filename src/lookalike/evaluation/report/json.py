"""An evaluation as one JSON object, in the shape that the command line promises."""

from typing import Any

from lookalike.evaluation.bootstrap import Estimate
from lookalike.evaluation.calibration import Calibration, Threshold
from lookalike.evaluation.records import Evaluation, ModelEvaluation


def evaluation_json(evaluation: Evaluation) -> dict[str, Any]:
    """What `json.dumps` takes; shares and probabilities are within 0..1."""
    return {
        "folder": evaluation.folder,
        "images": len(evaluation.paths),
        "classes": list(evaluation.classes),
        "seed": evaluation.seed,
        "instances": evaluation.instances,
        "duplicates": evaluation.duplicates,
        "recommended": evaluation.recommended.name,
        "models": [_model(model, len(evaluation.paths)) for model in evaluation.models],
        "skipped": [{"path": file.path, "reason": file.reason} for file in evaluation.skipped],
        "seconds": evaluation.seconds,
    }


def _model(model: ModelEvaluation, images: int) -> dict[str, Any]:
    return {
        "name": model.name,
        "images": images,
        **{metric: figure.value for metric, figure in model.overall.items()},
        "intervals": {metric: _interval(figure) for metric, figure in model.overall.items()},
        "instance_recall": model.instances,
        "threshold": {
            "score": model.cutoff.score,
            "kept": model.cutoff.kept,
            "dropped": model.cutoff.dropped,
        },
        "threshold_precision_95": _threshold(model.calibration.precise),
        "calibration": _calibration(model.calibration),
        "milliseconds_per_image": model.cost.milliseconds_per_image,
        "encode_milliseconds_per_image": model.cost.encode_milliseconds_per_image,
        "bytes_per_image": model.cost.bytes_per_image,
        "model_bytes": model.cost.model_bytes,
        "source": model.source,
        "sha256": model.sha256,
        "dimension": model.dimension,
        "precision": model.precision,
        "classes": [
            {
                "name": one.name,
                "images": one.images,
                "nn_accuracy": one.nn_accuracy,
                "precision_at_10": one.precision_at_10,
                "map": one.map,
            }
            for one in model.classes
        ],
        "confusion": model.confusion.tolist(),
    }


def _interval(figure: Estimate) -> list[float]:
    return [figure.low, figure.high]


def _threshold(threshold: Threshold | None) -> dict[str, float] | None:
    if threshold is None:
        return None
    return {
        "score": threshold.score,
        "precision": threshold.precision,
        "recall": threshold.recall,
    }


def _calibration(calibration: Calibration) -> dict[str, Any]:
    return {
        "method": "isotonic",
        "error": calibration.error,
        "scores": calibration.scores.tolist(),
        "probabilities": calibration.probabilities.tolist(),
    }
