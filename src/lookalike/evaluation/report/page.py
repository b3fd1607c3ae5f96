"""An evaluation as one self-contained page: no other file, no network."""

import base64
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from lookalike.evaluation.instances import CHANGES, sample
from lookalike.evaluation.records import Evaluation, ModelEvaluation, balance
from lookalike.evaluation.report import charts
from lookalike.evaluation.report.choose import choose
from lookalike.evaluation.report.pictures import TILE, atlas, thumbnails
from lookalike.present.text import display_path

if TYPE_CHECKING:
    from jinja2 import Template

_MAPPED = 1000
_LISTED = 50
_MATRIX = 12
"""Most classes for which the page draws who is taken for whom."""

METRICS = [
    ("nn_accuracy", "1-NN accuracy", "the nearest picture is of the query's class"),
    ("precision_at_10", "Precision at 10", "share of the ten nearest that is of its class"),
    ("map", "mAP", "mean average precision over the full ranking"),
    ("recall_at_100", "Recall at 100", "share of its class that is among the hundred nearest"),
    ("ndcg_at_10", "nDCG at 10", "the ten nearest, the first ones counting most"),
    ("instance_recall_at_1", "Instance recall at 1", "a changed copy finds its original first"),
]


@dataclass(frozen=True, slots=True)
class _Neighbour:
    picture: int
    right: bool
    label: str
    title: str
    score: str


@dataclass(frozen=True, slots=True)
class _Row:
    model: str
    right: int
    average_precision: float
    neighbours: list[_Neighbour]


@dataclass(frozen=True, slots=True)
class _Query:
    picture: int
    label: str
    name: str
    rows: list[_Row]


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    why: str
    queries: list[_Query]


def html_page(
    evaluation: Evaluation, *, on_progress: Callable[[int, int], None] | None = None
) -> str:
    """The page, a few megabytes; reads the pictures that it shows once more.

    Args:
        evaluation: what to show.
        on_progress: called with (done, total).
    """
    chosen = choose(evaluation)
    shown = _shown(evaluation, [query for one in chosen for query in one.queries])
    mapped = sample(len(evaluation.paths), _MAPPED, evaluation.seed)
    # A map takes about as long as some hundred pictures.
    step, total = 200, len(shown) + len(mapped) + 200 * len(evaluation.models)
    done = 0

    def advance(by: int = 1) -> None:
        nonlocal done
        done += by
        if on_progress:
            on_progress(done, total)

    uris = thumbnails([evaluation.paths[row] for row in shown], advance)
    sheet, columns = atlas([evaluation.paths[row] for row in mapped], advance)
    maps = []
    for model in evaluation.models:
        maps.append((model.name, charts.map_points(model, evaluation, mapped)))
        advance(step)
    script = _file("page.js")
    return _template().render(
        evaluation=evaluation,
        models=evaluation.models,
        metrics=METRICS,
        changes=[(name, (change.__doc__ or "").strip(" .")) for name, change in CHANGES.items()],
        best={
            metric: max(model.overall[metric].value for model in evaluation.models)
            for metric, _, _ in METRICS
        },
        balance=balance,
        sections=[
            _Section(one.title, one.why, [_query(evaluation, row) for row in one.queries])
            for one in chosen
        ],
        thumbnails=list(zip(shown, uris, strict=True)),
        sheet=sheet,
        columns=columns,
        tile=TILE,
        maps=maps,
        map_size=charts.MAP,
        marks=charts.class_marks(evaluation.classes),
        shapes=charts.SHAPES,
        hover={
            "columns": columns,
            "names": [_name(evaluation, int(row)) for row in mapped],
        },
        calibrations=[
            (model, charts.calibration_chart(model.calibration, model.cutoff.score))
            for model in evaluation.models
        ],
        likely={
            model.name: float(model.calibration.probability(np.array(model.cutoff.score)))
            for model in evaluation.models
        },
        chart=(charts.WIDTH, charts.HEIGHT),
        matrices=evaluation.models if len(evaluation.classes) <= _MATRIX else [],
        listed=evaluation.skipped[:_LISTED],
        style=_file("page.css"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
    )


def _shown(evaluation: Evaluation, queries: list[int]) -> list[int]:
    shown = set(queries)
    for model in evaluation.models:
        shown.update(model.neighbours[queries].ravel().tolist())
    return sorted(shown)


def _query(evaluation: Evaluation, row: int) -> _Query:
    return _Query(
        picture=row,
        label=evaluation.classes[evaluation.labels[row]],
        name=os.path.basename(evaluation.paths[row]),
        rows=[_row(evaluation, model, row) for model in evaluation.models],
    )


def _row(evaluation: Evaluation, model: ModelEvaluation, row: int) -> _Row:
    labels = evaluation.labels
    neighbours = model.neighbours[row].tolist()
    return _Row(
        model=model.name,
        right=int(np.count_nonzero(labels[neighbours] == labels[row])),
        average_precision=float(model.average_precision[row]),
        neighbours=[
            _Neighbour(
                picture=other,
                right=bool(labels[other] == labels[row]),
                label=evaluation.classes[labels[other]],
                title=_name(evaluation, other),
                score=f"{score:z.3f}",
            )
            for other, score in zip(neighbours, model.neighbour_scores[row].tolist(), strict=True)
        ],
    )


def _name(evaluation: Evaluation, row: int) -> str:
    path, folder = evaluation.paths[row], os.path.join(evaluation.folder, "")
    return display_path(path.removeprefix(folder))


def _milliseconds(measured: float | None) -> str:
    return "not measured" if measured is None else f"{measured:.1f} ms"


def _file(name: str) -> str:
    return resources.files("lookalike.evaluation.report").joinpath(name).read_text("utf-8")


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["shown"] = display_path
    environment.filters["milliseconds"] = _milliseconds
    return environment.from_string(_file("page.html.jinja"))
