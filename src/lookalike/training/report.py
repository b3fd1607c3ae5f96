"""What a run leaves for people: history, curves, confusion matrix, model card."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from lookalike.encoders import ModelSpec
from lookalike.training.history import EpochRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HISTORY_FILE = "history.json"
CURVES_FILE = "curves.png"
CONFUSION_FILE = "confusion.png"
CARD_FILE = "README.md"

_BLUE, _ORANGE, _GREY = "#1f5fa8", "#c8551b", "#666666"


def write_all(
    folder: str, spec: ModelSpec, history: Sequence[EpochRecord], matrix: NDArray[np.int64]
) -> None:
    """Write every file of this module into a model folder.

    Args:
        folder: exists.
        spec: the encoder's record, with classes and a training record.
        history: every epoch.
        matrix: (classes, classes), true by row, predicted by column.
    """
    classes = (spec.logits.classes if spec.logits else None) or []
    write_history(folder, history)
    draw_curves(folder, history)
    draw_confusion(folder, matrix, classes)
    write_card(folder, spec.name, spec.training or {})


def write_history(folder: str, history: Sequence[EpochRecord]) -> None:
    """Write `history.json`: one object an epoch, the fields of `EpochRecord`."""
    data = msgspec.json.encode([asdict(record) for record in history])
    with open(os.path.join(folder, HISTORY_FILE), "wb") as file:
        file.write(msgspec.json.format(data, indent=2) + b"\n")


def draw_curves(folder: str, history: Sequence[EpochRecord]) -> None:
    """Draw `curves.png`: loss, accuracy and mAP, learning rate and picture size, by epoch."""
    figure = _figure(12, 3.6)
    epochs = [record.epoch for record in history]
    loss, right, rate = figure.subplots(1, 3)
    loss.plot(epochs, [record.train_loss for record in history], "--", c=_ORANGE, label="training")
    loss.plot(epochs, [record.val_loss for record in history], "-", c=_BLUE, label="validation")
    loss.set_title("loss")
    right.plot(
        epochs, [r.train_accuracy for r in history], "--", c=_ORANGE, label="training accuracy"
    )
    right.plot(epochs, [r.val_accuracy for r in history], "-", c=_BLUE, label="validation accuracy")
    right.plot(epochs, [r.val_map for r in history], ":", c=_BLUE, label="validation mAP")
    right.set_title("accuracy and mAP")
    rate.plot(epochs, [r.learning_rate for r in history], "-", c=_GREY, label="learning rate")
    rate.set_title("learning rate")
    size = rate.twinx()
    size.step(epochs, [r.size for r in history], ":", c=_BLUE, where="mid", label="size, px")
    size.set_ylabel("picture size, px (dotted)")
    for axes in (loss, right, rate):
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.25)
        axes.legend(loc="best", fontsize=8)
    figure.savefig(os.path.join(folder, CURVES_FILE), dpi=110)


def draw_confusion(folder: str, matrix: NDArray[np.int64], classes: Sequence[str]) -> None:
    """Draw `confusion.png`.

    Args:
        folder: exists.
        matrix: (classes, classes), true by row, predicted by column.
        classes: their names.
    """
    side = max(4.0, 0.8 * len(classes) + 1.6)
    figure = _figure(side, side)
    axes = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(classes)), classes, rotation=40, ha="right")
    axes.set_yticks(range(len(classes)), classes)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    if len(classes) <= 40:
        for (row, column), count in np.ndenumerate(matrix):
            ink = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=ink, fontsize=9)
    axes.set_title("validation pictures")
    figure.savefig(os.path.join(folder, CONFUSION_FILE), dpi=110)


def per_class(matrix: NDArray[np.int64], classes: Sequence[str]) -> list[dict[str, Any]]:
    """Precision, recall and number of validation pictures of each class.

    Args:
        matrix: (classes, classes), true by row, predicted by column.
        classes: their names.

    Returns:
        One record a class: "class", "pictures", "precision", "recall"; a share of nothing is 0.
    """
    right = np.diag(matrix)
    truly, taken = matrix.sum(axis=1), matrix.sum(axis=0)
    return [
        {
            "class": name,
            "pictures": int(truly[index]),
            "precision": float(right[index] / max(taken[index], 1)),
            "recall": float(right[index] / max(truly[index], 1)),
        }
        for index, name in enumerate(classes)
    ]


def write_card(folder: str, name: str, training: dict[str, Any]) -> None:
    """Write the model card, `README.md`, from the record that `model.json` holds."""
    data, found, parity = training["data"], training["validation"], training["parity"]
    weighting = training["weighting"]
    how = {
        "none": "the plain embedding, `x`",
        "published": "`x * W[argmax(logits)]`",
        "soft": f"`x * (softmax(logits / {weighting['temperature']:g}) @ W)`",
        "importance": f"`x * (softmax(logits / {weighting['temperature']:g}) @ abs(W))`",
    }[weighting["name"]]
    lines = [
        f"# {name}",
        "",
        f"An encoder for Lookalike: {training['backbone']['source']}, fine-tuned to tell "
        f"{', '.join(data['classes'])} apart. Its embedding is {how}, computed inside "
        "`model.onnx`"
        + (", averaged over the picture and its mirror image." if training["mirror"] else "."),
        "",
        f"    lookalike index PICTURES --model {name}",
        "",
        "## Data",
        "",
        f"{data['train']:,} pictures trained, {data['validation']:,} validated (never the same "
        "picture on both sides).",
        "",
        "| class | training | validation | precision | recall |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {record['class']} | {data['train_counts'][record['class']]:,} "
        f"| {record['pictures']:,} | {record['precision']:.3f} | {record['recall']:.3f} |"
        for record in found["per_class"]
    ]
    lines += [
        "",
        f"Left out: {data['unreadable']:,} unreadable, {data['two_labels']:,} that carry two "
        f"labels, {data['leaking']:,} that the validation or test folder holds as well. "
        f"{data['twins']:,} pairs are the same picture twice.",
        "",
        "## Validation",
        "",
        f"Best epoch {found['epoch']} of {training['recipe']['epochs']}: accuracy "
        f"{found['accuracy']:.4f}.",
        "",
        "| embedding | P@10 | mAP |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| {row['weighting']}"
        + (f", T = {row['temperature']:g}" if row["weighting"] in ("soft", "importance") else "")
        + f" | {row['precision_at_10']:.4f} | {row['map']:.4f} |"
        for row in found["weightings"]
    ]
    lines += [
        "",
        "Cosine, leave-one-out, among the validation pictures. `curves.png` shows the course of "
        "training, `confusion.png` what was taken for what, `history.json` every epoch.",
        "",
        "## File",
        "",
        f"Weights are stored in {parity['stored_weights']}; over {parity['pictures']} pictures the "
        f"lowest cosine to the trained network is {parity['stored_cosine']:.6f} "
        f"({parity['exported_cosine']:.6f} before they were stored).",
        "",
        f"Licence of the backbone's weights: {training['backbone']['license'] or 'not known'}.",
        "",
    ]
    with open(os.path.join(folder, CARD_FILE), "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


def _figure(width: float, height: float) -> "Figure":
    # The object interface: no global state, no display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure
