"""Numbers to the coordinates that the page draws; every text in here is made of numbers only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.calibration import BINS, Calibration
from lookalike.evaluation.records import Evaluation, ModelEvaluation
from lookalike.layout import project
from lookalike.types import Ids

MAP = 400, 320
WIDTH, HEIGHT = 320, 170
_MARGIN = 9
_COLUMNS = 60

SHAPES = [
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "M-3.5-3.5h7v7h-7z",
    "M0-4.6L4.4 3.4H-4.4z",
    "M0-4.9L4.9 0L0 4.9L-4.9 0z",
    "M-1.5-4.6h3v3.1h3.1v3h-3.1v3.1h-3v-3.1h-3.1v-3h3.1z",
    "M0 4.6L-4.4-3.4H4.4z",
    "M-4-2l2-2L0-2l2-2l2 2L2 0l2 2l-2 2L0 2l-2 2l-2-2L-2 0z",
]
"""Marks of about equal area around 0, 0: circle, square, triangles, diamond, plus, cross."""

_COLOURS = ["#3f7fd0", "#d9762b", "#2f9e74", "#c05aa0", "#a58a12", "#7d62c9", "#c9483f", "#3aa0b4"]


@dataclass(frozen=True, slots=True)
class ClassMark:
    """How a class looks on the map: colour and shape together, since colour alone fails some."""

    label: int
    name: str
    colour: str
    shape: int


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A picture on the map: pixels, and its number on the sheet of small pictures."""

    x: str
    y: str
    tile: int


@dataclass(frozen=True, slots=True)
class CalibrationChart:
    """Paths of SVG within `WIDTH` x `HEIGHT`, and the texts of the axis."""

    same: str
    different: str
    curve: str
    threshold: float
    low: str
    high: str
    dots: list[tuple[float, float]]


def class_marks(names: tuple[str, ...]) -> list[ClassMark]:
    """A mark for each class; colours are spread around the circle where there are many."""
    few = len(names) <= len(_COLOURS)
    return [
        ClassMark(
            label,
            name,
            _COLOURS[label] if few else f"hsl({label * 137.508 % 360:.0f} 55% 52%)",
            label % len(SHAPES),
        )
        for label, name in enumerate(names)
    ]


def map_points(
    model: ModelEvaluation, evaluation: Evaluation, rows: Ids
) -> list[tuple[int, list[MapPoint]]]:
    """The pictures `rows` on a map of the model's embeddings, by class."""
    places = project(model.embeddings[rows])
    places -= places.min(axis=0)
    size, room = places.max(axis=0), np.subtract(MAP, 2 * _MARGIN)
    places *= float((room / np.maximum(size, 1e-9)).min())
    places += (MAP - places.max(axis=0)) / 2
    labels = evaluation.labels[rows]
    return [
        (
            int(label),
            [
                MapPoint(f"{places[tile, 0]:.1f}", f"{places[tile, 1]:.1f}", int(tile))
                for tile in np.flatnonzero(labels == label)
            ],
        )
        for label in np.unique(labels)
    ]


def calibration_chart(calibration: Calibration, threshold: float) -> CalibrationChart:
    """The two distributions, each to the same area, the curve, and the threshold."""
    low, high = float(calibration.scores[0]), float(calibration.scores[-1])
    span = max(high - low, 1e-9)

    def across(score: float) -> float:
        return round(float(np.clip((score - low) / span, 0, 1)) * WIDTH, 1)

    same = _columns(calibration.same, low, high)
    different = _columns(calibration.different, low, high)
    top = max(float(same.max()), float(different.max()), 1e-12)
    curve = " ".join(
        f"{across(score)},{HEIGHT * (1 - probability):.1f}"
        for score, probability in zip(
            calibration.scores.tolist(), calibration.probabilities.tolist(), strict=True
        )
    )
    return CalibrationChart(
        same=_steps(same / top),
        different=_steps(different / top),
        curve=f"M{curve}",
        threshold=across(threshold),
        low=f"{low:z.2f}",
        high=f"{high:z.2f}",
        dots=[
            (round(100 * stated, 1), round(100 * (1 - true), 1))
            for stated, true in calibration.reliability.tolist()
        ],
    )


def _columns(counts: NDArray[np.int64], low: float, high: float) -> NDArray[np.float64]:
    centres = (np.arange(BINS) + 0.5) * 2 / BINS - 1
    heights, _ = np.histogram(centres, _COLUMNS, (low - 1e-6, high + 1e-6), weights=counts)
    return np.asarray(heights / max(1, counts.sum()), np.float64)


def _steps(heights: NDArray[np.float64]) -> str:
    width = WIDTH / len(heights)
    parts = [f"M0 {HEIGHT}"]
    for column, height in enumerate(heights.tolist()):
        parts.append(f"V{HEIGHT * (1 - 0.94 * height):.1f}H{(column + 1) * width:.1f}")
    return "".join(parts) + f"V{HEIGHT}z"
