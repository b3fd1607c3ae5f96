"""From labelled folders to an encoder that knows them."""

import os
import shutil
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from PIL import Image

from lookalike.encoders import InputSpec, ModelSpec
from lookalike.errors import TrainingError
from lookalike.training import report
from lookalike.training.backbones import load_backbone
from lookalike.training.dataset import Dataset, Listing, list_classes, natural_side, read
from lookalike.training.device import choose_compute, keep_memory, prefer_fast_depthwise
from lookalike.training.events import Listener, Notice, StageStarted, ignore
from lookalike.training.export import Label, Parity, export
from lookalike.training.history import EpochRecord
from lookalike.training.loop import LabelledPixels, Run, fit, score, takes
from lookalike.training.measure import accuracy, confusion, outputs
from lookalike.training.recipe import Recipe, fingerprint, scaled
from lookalike.training.select import best_temperature, choose_blend, compare_weightings
from lookalike.training.split import Split, split
from lookalike.training.weighting import Classifier, WeightedEncoder
from lookalike.types import Pixels, Skipped

WORK_FOLDER = ".training"
"""Inside the model folder while training runs: decoded pictures and the checkpoint."""

_SAMPLE = 64
_CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What came out.

    Attributes:
        folder: absolute path of the model folder.
        spec: its record.
        history: every epoch.
        accuracy: on the validation pictures, 0..1.
        weightings: P@10 and mAP of each weighting on them.
        parity: how close the exported file is to the trained network.
        skipped: files that could not be read.
        two_labels: pictures left out because the same picture also carries another label.
        leaking: pictures left out because a folder that they have to stay out of holds them too.
        seconds: wall-clock time of this run, without the runs that it went on from.
    """

    folder: str
    spec: ModelSpec
    history: list[EpochRecord]
    accuracy: float
    weightings: list[dict[str, Any]]
    parity: Parity
    skipped: list[Skipped]
    two_labels: list[Skipped]
    leaking: list[Skipped]
    seconds: float


def train(  # noqa: PLR0913 - one argument for each option of the command
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    val: str | os.PathLike[str] | None = None,
    avoid: str | os.PathLike[str] | None = None,
    backbone: str = "resnet50",
    epochs: int | None = None,
    recipe: Recipe | None = None,
    on_event: Listener = ignore,
) -> TrainingResult:
    """Fine-tune a backbone on labelled folders and write it as a model folder.

    The same call goes on from the last whole epoch if an earlier one was killed.

    Args:
        folder: one sub-folder a class.
        out: the model folder to make; may hold an unfinished run of the same call.
        val: the same sub-folders with validation pictures; None holds a part of `folder` out.
        avoid: pictures that you will test with, in the same sub-folders; the same pictures in
            `folder` or `val` are left out.
        backbone: see `load_backbone`.
        epochs: overrides the recipe's.
        recipe: every other choice.
        on_event: told of progress, on the calling thread.

    Raises:
        TrainingError: the folders cannot be trained on, the backbone cannot be had, training went
            wrong, or the model folder holds something else. One sentence says what to do.
    """
    started = time.monotonic()
    recipe = recipe or Recipe()
    if epochs is not None:
        recipe = replace(recipe, epochs=epochs)
    target = os.path.abspath(os.path.expanduser(os.fspath(out)))
    listing = list_classes(os.fspath(folder))
    others = {
        name: list_classes(os.fspath(other), listing.classes)
        for name, other in (("val", val), ("avoid", avoid))
        if other is not None
    }
    work = _prepare(target)
    keep_memory()
    compute = choose_compute()
    torch.manual_seed(recipe.seed)

    on_event(StageStarted("loading", detail=backbone))
    base = load_backbone(backbone, random_start=recipe.random_start)
    side = natural_side(listing, max(base.input.width, base.input.height))
    dataset, val_dataset, parts = _gather(
        {"train": listing, **others}, side, work, recipe, on_event
    )
    train_side = LabelledPixels(dataset.pixels, dataset.labels, parts.train)
    judged = val_dataset or dataset
    val_side = LabelledPixels(judged.pixels, judged.labels, parts.val)
    val_pixels, val_labels = val_side.whole()

    sample = val_pixels[:: max(1, len(val_pixels) // _SAMPLE)][:_SAMPLE]
    conversion = base.check(_resized(sample, base.input))
    model = Classifier(base.body, base.dimension, len(dataset.classes), recipe.dropout)
    if compute.device.type == "cpu" and compute.low_precision:
        prefer_fast_depthwise(model)
    model = model.to(compute.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    full = min(base.input.width, base.input.height)
    view = scaled(full, recipe.view)
    spec = base.input
    if takes(model, view, compute.device):
        spec = replace(spec, width=view, height=view)
    on_event(StageStarted("training", recipe.epochs, compute.clause))
    before = {key: value.cpu().clone() for key, value in model.body.state_dict().items()}
    run = Run(
        train=train_side,
        val=val_side,
        recipe=recipe,
        spec=spec,
        full=full,
        compute=compute,
        folder=work,
        fingerprint=fingerprint(
            recipe,
            backbone,
            dataset.paths + (val_dataset.paths if val_dataset else []),
            dataset.digests + (val_dataset.digests if val_dataset else []),
        ),
        on_event=on_event,
    )
    best, history = fit(model, run)

    on_event(StageStarted("exporting", detail=target))
    best = best.cpu()
    best.mirror = recipe.mirror
    # There is nothing to keep of a random start.
    shares = (1.0,) if recipe.random_start else recipe.blends
    blended = choose_blend(best, before, shares, val_side, spec)
    found = outputs(best, val_pixels, spec, device=_CPU, low_precision=False)
    weightings = compare_weightings(found, val_labels, best.head.weight.detach())
    temperature = best_temperature(weightings, recipe.weighting)
    matrix = confusion(found.logits, val_labels).numpy()
    record: dict[str, Any] = {
        "backbone": {
            "name": base.name,
            "source": base.source,
            "license": base.license,
            "sha256": base.onnx.spec.sha256 if base.onnx else None,
            "conversion_cosine": conversion,
        },
        "weighting": {"name": recipe.weighting, "temperature": temperature},
        "mirror": recipe.mirror,
        "blend": [asdict(row) for row in blended],
        "recipe": recipe.record(),
        "computed_on": compute.clause,
        "data": _data_record(dataset, parts),
        "validation": {
            "epoch": max(history, key=score).epoch,
            "accuracy": accuracy(found.logits, val_labels),
            "weightings": weightings,
            "per_class": report.per_class(matrix, dataset.classes),
        },
    }
    label = Label(
        name=os.path.basename(target),
        input=spec,
        dimension=base.dimension,
        classes=dataset.classes,
        license=base.license,
        source=base.source,
        training=record,
    )
    encoder = WeightedEncoder(best, recipe.weighting, temperature)
    model_spec, parity = export(encoder, target, label, _resized(sample, spec))
    report.write_all(target, model_spec, history, matrix)
    shutil.rmtree(work, ignore_errors=True)
    return TrainingResult(
        folder=target,
        spec=model_spec,
        history=history,
        accuracy=record["validation"]["accuracy"],
        weightings=weightings,
        parity=parity,
        skipped=dataset.skipped + (val_dataset.skipped if val_dataset else []),
        two_labels=parts.two_labels,
        leaking=parts.leaking,
        seconds=time.monotonic() - started,
    )


def _prepare(target: str) -> str:
    """Make the model folder and its work folder; refuse a folder that holds something else."""
    work = os.path.join(target, WORK_FOLDER)
    if os.path.isdir(target) and os.listdir(target) and not os.path.isdir(work):
        raise TrainingError(
            f"{target} is not empty and holds no unfinished training; remove it, or choose "
            "another --out"
        )
    try:
        os.makedirs(work, exist_ok=True)
    except OSError as error:
        raise TrainingError(
            f"cannot make the model folder {target}: {error.strerror}; choose another --out"
        ) from error
    return work


def _gather(
    listings: dict[str, Listing], side: int, work: str, recipe: Recipe, on_event: Listener
) -> tuple[Dataset, Dataset | None, Split]:
    """Read the folders "train", "val" and "avoid" (the last two where given), and divide."""
    sets: dict[str, Dataset] = {}
    for name, listing in listings.items():
        on_event(StageStarted("reading", len(listing.paths), listing.root))
        sets[name] = read(listing, side, os.path.join(work, f"{name}.npy"), on_event)
    dataset, val = sets["train"], sets.get("val")
    on_event(StageStarted("comparing", len(dataset)))
    parts = split(dataset, val, sets.get("avoid"), recipe)
    for sentence in _remarks(dataset, val, parts):
        on_event(Notice(sentence))
    return dataset, val, parts


def _data_record(dataset: Dataset, parts: Split) -> dict[str, Any]:
    return {
        "classes": list(dataset.classes),
        "train": len(parts.train),
        "validation": len(parts.val),
        "train_counts": dataset.counts(parts.train),
        "unreadable": len(dataset.skipped),
        "two_labels": len(parts.two_labels),
        "leaking": len(parts.leaking),
        "twins": parts.twins,
    }


def _remarks(dataset: Dataset, val: Dataset | None, parts: Split) -> list[str]:
    """What a person should know of the data before training begins, one sentence each."""
    counts = dataset.counts(parts.train)
    sentences = [
        f"left out {skipped.path}: {skipped.reason}"
        for skipped in [*dataset.skipped, *(val.skipped if val else [])]
    ]
    sentences += [f"left out {one.path}: {one.reason}" for one in parts.two_labels + parts.leaking]
    least, most = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    if counts[most] > 1.5 * counts[least]:
        sentences.append(
            f"the classes are uneven ({most}: {counts[most]:,}, {least}: {counts[least]:,}), so "
            "pictures of small classes count more"
        )
    sentences.append(
        f"{len(parts.train):,} pictures of {len(counts)} classes train, {len(parts.val):,} validate"
    )
    return sentences


def _resized(pixels: Pixels, spec: InputSpec) -> Pixels:
    size = (spec.width, spec.height)
    return np.stack(
        [
            np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
            for picture in pixels
        ]
    )
