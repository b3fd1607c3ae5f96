"""lookalike train."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from lookalike.cli import options
from lookalike.cli.output import echo_json
from lookalike.errors import TrainingError

if TYPE_CHECKING:
    from lookalike.training import Listener, WeightingName


@click.command()
@click.argument("folder")
@click.option("--out", metavar="MODEL_FOLDER", required=True, help="The model folder to make.")
@click.option("--val", metavar="FOLDER", help="Validation pictures. Default: a tenth of FOLDER.")
@click.option(
    "--avoid",
    metavar="FOLDER",
    help="Pictures that you will test with: the same ones are left out of training.",
)
@click.option(
    "--backbone",
    metavar="NAME|FILE",
    default="resnet50",
    show_default=True,
    help="What to start from: a timm model, a weights file of one (.safetensors, .pth), a model "
    "folder or an .onnx file.",
)
@click.option("--epochs", default=40, show_default=True, type=click.IntRange(min=1))
@click.option("--batch-size", default=48, show_default=True, type=click.IntRange(min=2))
@click.option(
    "--weighting",
    type=click.Choice(["none", "published", "soft", "importance"]),
    help="How the embedding is weighted by class. Default: what docs/results.md found best.",
)
@click.option(
    "--random-start", is_flag=True, help="Begin from untrained weights, where there are no others."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@options.as_json
def train(
    folder: str,
    out: str,
    val: str | None,
    avoid: str | None,
    backbone: str,
    epochs: int,
    batch_size: int,
    weighting: "WeightingName | None",
    random_start: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Teach an encoder the classes of FOLDER, which has one sub-folder a class.

    Out comes a model folder like any other, with curves, figures and a model card. Killed at any
    moment, the same command goes on from the last whole epoch.
    """
    if find_spec("torch") is None or find_spec("timm") is None:
        raise TrainingError("training needs more packages; pip install 'lookalike[train]'")
    from dataclasses import replace

    from lookalike.training import Recipe
    from lookalike.training import train as run_training

    recipe = Recipe(epochs=epochs, batch_size=batch_size, random_start=random_start, seed=seed)
    if weighting is not None:
        recipe = replace(recipe, weighting=weighting)
    with _progress() as listener:
        result = run_training(
            folder, out, val=val, avoid=avoid, backbone=backbone, recipe=recipe, on_event=listener
        )
    if as_json:
        echo_json(
            {
                "model": result.folder,
                "accuracy": result.accuracy,
                "epochs": len(result.history),
                "weightings": result.weightings,
                "skipped": [{"path": s.path, "reason": s.reason} for s in result.skipped],
                "seconds": result.seconds,
            }
        )
        return
    click.echo(f"validation accuracy {result.accuracy:.3f} after {len(result.history)} epochs")
    click.echo(f"the encoder is in {result.folder}; use it with: --model {result.folder}")


@contextmanager
def _progress() -> Iterator["Listener"]:
    """Notices and finished epochs as lines on stderr, with a bar below them in a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    from lookalike.present.text import display_path
    from lookalike.training import (
        BatchDone,
        EpochDone,
        Notice,
        PicturesRead,
        StageStarted,
        TrainingEvent,
    )

    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[left]}"))
    shown = Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty())
    with shown as bar:
        task = bar.add_task("starting", total=None, left="")

        def listen(event: TrainingEvent) -> None:
            if isinstance(event, Notice):
                console.print(display_path(event.message))
            elif isinstance(event, StageStarted):
                detail = display_path(event.detail)
                bar.update(task, description=f"{event.stage} {detail}", total=None, left="")
            elif isinstance(event, PicturesRead):
                bar.update(task, completed=event.done, total=event.total)
            elif isinstance(event, BatchDone):
                bar.update(
                    task,
                    description=f"epoch {event.epoch} of {event.epochs}, loss {event.loss:.3f}",
                    completed=(event.epoch - 1) * event.steps + event.step,
                    total=event.epochs * event.steps,
                    left=_duration(event.seconds_left),
                )
            elif isinstance(event, EpochDone):
                now = event.record
                console.print(
                    f"epoch {now.epoch:>3} of {event.epochs}: loss {now.train_loss:.3f}, "
                    f"validation accuracy {now.val_accuracy:.4f}, mAP {now.val_map:.4f}"
                    f"{' (best so far)' if event.best else ''}"
                )

        yield listen


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min left" if minutes >= 60 else f"{minutes} min left"
