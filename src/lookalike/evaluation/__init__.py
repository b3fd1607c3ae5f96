"""Evaluation: how well encoders do on a labelled folder, measured and shown.

`evaluate` measures encoders on a folder, `evaluate_collection` the embeddings that a collection
keeps; `metrics`, `ranking`, `calibration`, `cutoff` and `instances` are their parts; `report` turns
the result into a table, JSON or a page. Needs nothing but the core install.
"""

from lookalike.evaluation.bootstrap import Estimate
from lookalike.evaluation.calibration import Calibration, Threshold
from lookalike.evaluation.cutoff import Cutoff
from lookalike.evaluation.records import (
    ClassScores,
    Cost,
    Evaluation,
    EvaluationListener,
    EvaluationProgress,
    ModelEvaluation,
)
from lookalike.evaluation.run import evaluate
from lookalike.evaluation.stored import evaluate_collection

__all__ = [
    "Calibration",
    "ClassScores",
    "Cost",
    "Cutoff",
    "Estimate",
    "Evaluation",
    "EvaluationListener",
    "EvaluationProgress",
    "ModelEvaluation",
    "Threshold",
    "evaluate",
    "evaluate_collection",
]
