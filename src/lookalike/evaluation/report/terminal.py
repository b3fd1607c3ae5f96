"""An evaluation as lines of text: columns for a person, tab-separated where the output is piped."""

from lookalike.evaluation.records import Evaluation, ModelEvaluation
from lookalike.present.text import display_path

_METRICS = [
    ("nn_accuracy", "1-NN accuracy"),
    ("precision_at_10", "precision@10"),
    ("map", "mAP"),
    ("recall_at_100", "recall@100"),
    ("ndcg_at_10", "nDCG@10"),
    ("instance_recall_at_1", "instance recall@1"),
]
_LISTED = 20


def piped_lines(evaluation: Evaluation) -> list[str]:
    """Model, metric and value, and where there is one its interval: tab-separated, a line each."""
    lines = []
    for model in evaluation.models:
        name = display_path(model.name)
        for metric, figure in model.overall.items():
            lines.append(
                f"{name}\t{metric}\t{figure.value:.4f}\t{figure.low:.4f}\t{figure.high:.4f}"
            )
        for change, share in model.instances.items():
            lines.append(f"{name}\tinstance_recall_{change}\t{share:.4f}")
        lines.append(f"{name}\tthreshold\t{model.cutoff.score:.4f}")
        if model.cost.milliseconds_per_image is not None:
            lines.append(f"{name}\tmilliseconds_per_image\t{model.cost.milliseconds_per_image:.3f}")
        lines.append(f"{name}\tbytes_per_image\t{model.cost.bytes_per_image}")
    lines += [
        f"skipped\t{display_path(file.path)}\t{display_path(file.reason)}"
        for file in evaluation.skipped
    ]
    return lines


def table_lines(evaluation: Evaluation) -> list[str]:
    """A column a model: figures with their 95 % intervals, changes, threshold, cost."""
    models = evaluation.models
    rows = [("", [display_path(model.name) for model in models])]
    rows += [(label, [_interval(model, metric) for model in models]) for metric, label in _METRICS]
    rows += [
        (f"  {change}", [f"{model.instances[change]:.3f}" for model in models])
        for change in models[0].instances
    ]
    rows += [
        ("threshold", [f"{model.cutoff.score:.3f}" for model in models]),
        ("ms an image", [_milliseconds(model) for model in models]),
        ("bytes an image", [f"{model.cost.bytes_per_image:,}" for model in models]),
    ]
    label_width = max(len(label) for label, _ in rows)
    widths = [max(len(cells[i]) for _, cells in rows) for i in range(len(models))]
    lines = [
        f"{len(evaluation.paths):,} pictures in {len(evaluation.classes)} classes, "
        f"{len(evaluation.skipped):,} skipped, {evaluation.seconds:.1f} s",
        "",
    ]
    for label, cells in rows:
        padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        lines.append("  ".join([f"{label:<{label_width}}", *padded]).rstrip())
    if len(models) > 1:
        lines += ["", f"best of class and instance retrieval: {evaluation.recommended.name}"]
    lines += [
        f"skipped  {display_path(file.path)}  {display_path(file.reason)}"
        for file in evaluation.skipped[:_LISTED]
    ]
    more = len(evaluation.skipped) - _LISTED
    if more > 0:
        lines.append(f"and {more:,} more; --json lists them")
    return lines


def _interval(model: ModelEvaluation, metric: str) -> str:
    figure = model.overall[metric]
    return f"{figure.value:.3f}  {figure.low:.3f}-{figure.high:.3f}"


def _milliseconds(model: ModelEvaluation) -> str:
    measured = model.cost.milliseconds_per_image
    return "not measured" if measured is None else f"{measured:.1f}"
