"""Which queries the page shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.records import NEIGHBOURS, Evaluation

_PICTURES = 1000
"""About how many small pictures the page may hold."""

_MOST, _FEWEST = 12, 4


@dataclass(frozen=True, slots=True)
class Chosen:
    """Queries under one heading: indices into the evaluation's paths."""

    title: str
    why: str
    queries: list[int]


def choose(evaluation: Evaluation) -> list[Chosen]:
    """Sampled and worst queries; of several models also those that differ most.

    Fewer of each where there are many models, so that the page stays small.
    """
    several = len(evaluation.models) > 1
    lists = 4 if several else 2
    pictures = lists * (1 + NEIGHBOURS * len(evaluation.models))
    size = max(_FEWEST, min(_MOST, _PICTURES // pictures))
    figures = np.stack([model.average_precision for model in evaluation.models])
    chosen = [
        Chosen(
            "Sampled",
            "Drawn at random, the classes in turn.",
            _sampled(evaluation.labels, evaluation.seed)[:size],
        ),
        Chosen(
            "Worst",
            "The lowest average precision"
            + (", as a mean over the models." if several else " of all."),
            _lowest(figures.mean(axis=0), size),
        ),
    ]
    if several:
        first, last = evaluation.models[0].name, evaluation.models[-1].name
        gain = figures[-1] - figures[0]
        for title, sign, word in (("Gained most", -1, "higher"), ("Lost most", 1, "lower")):
            worse = [row for row in _lowest(sign * gain, size) if sign * gain[row] < 0]
            why = f"The average precision that is furthest {word} with {last} than with {first}."
            chosen.append(Chosen(title, why, worse))
    return [one for one in chosen if one.queries]


def _sampled(labels: NDArray[np.int64], seed: int) -> list[int]:
    """All queries, shuffled, the classes in turn."""
    mixed = np.random.default_rng(seed).permutation(len(labels))
    place = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        members = mixed[labels[mixed] == label]
        place[members] = np.arange(len(members))
    order: list[int] = np.lexsort((labels, place)).tolist()
    return order


def _lowest(figures: NDArray[np.float64], size: int) -> list[int]:
    rows: list[int] = np.argsort(figures, kind="stable")[:size].tolist()
    return rows
