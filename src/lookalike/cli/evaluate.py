"""lookalike evaluate."""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import click

from lookalike.cli import options
from lookalike.cli.output import counting, echo_json

if TYPE_CHECKING:
    from lookalike.encoders import Encoder
    from lookalike.evaluation import Evaluation


@click.command()
@click.argument("folder", metavar="[FOLDER]", required=False)
@click.option(
    "-c",
    "--collection",
    metavar="FOLDER",
    help="Instead of FOLDER: a collection, or milvus://HOST:PORT/NAME, by the embeddings that it "
    "keeps. A class is a folder right below one that was indexed.",
)
@click.option(
    "--model",
    "models",
    metavar="NAME|FOLDER|FILE.onnx",
    multiple=True,
    help="An encoder to measure. Repeatable, to compare. Default: compact.",
)
@options.inference
@click.option(
    "--instances",
    default=300,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many pictures are changed for instance recall.",
)
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of all that is drawn."
)
@click.option(
    "--html",
    metavar="FILE",
    help="Write one self-contained page: tables, neighbours side by side, maps, calibration.",
)
@click.option(
    "--write-calibration",
    is_flag=True,
    help="Keep in each model's own folder what its scores mean, for searches to show.",
)
@click.option("--strict", is_flag=True, help="Exit with 3 where files were skipped.")
@options.as_json
def evaluate(
    folder: str | None,
    collection: str | None,
    models: tuple[str, ...],
    runtime: str,
    precision: str,
    instances: int,
    seed: int,
    html: str | None,
    write_calibration: bool,
    strict: bool,
    as_json: bool,
) -> int:
    """Measure encoders on FOLDER, or the one of a collection, with one sub-folder a class.

    Every picture is a query for all others, and changed copies of some have to find their
    originals. Nothing is written but what --html and --write-calibration ask for.
    """
    from lookalike.evaluation import EvaluationProgress
    from lookalike.evaluation.keep import check_folder
    from lookalike.evaluation.keep import write_calibration as keep_calibration

    # Told before minutes of work, not after.
    if html is not None and not os.path.isdir(os.path.dirname(os.path.abspath(html))):
        raise click.FileError(html, "there is no such folder")
    with ExitStack() as stack:
        encoders, measure = _subject(stack, folder, collection, models, runtime, precision)
        if write_calibration:
            for encoder in encoders:
                check_folder(encoder.file)
        listener = stack.enter_context(counting("evaluating"))

        def listen(now: EvaluationProgress) -> None:
            if listener is not None:
                listener(now.done, now.total)

        result = measure(instances=instances, seed=seed, on_progress=listen)
    if html is not None:
        _write_html(html, result)
    if write_calibration:
        for model in result.models:
            click.echo(f"wrote {keep_calibration(result, model)}", err=True)
    if as_json:
        from lookalike.evaluation.report.json import evaluation_json

        echo_json(evaluation_json(result))
    else:
        from lookalike.evaluation.report.terminal import piped_lines, table_lines

        lines = table_lines(result) if sys.stdout.isatty() else piped_lines(result)
        click.echo("\n".join(lines))
    return 3 if strict and result.skipped else 0


def _subject(
    stack: ExitStack,
    folder: str | None,
    collection: str | None,
    models: tuple[str, ...],
    runtime: str,
    precision: str,
) -> "tuple[list[Encoder], Callable[..., Evaluation]]":
    """The encoders, and what measures them."""
    from lookalike import evaluation

    if collection is not None and folder is None:
        if models:
            raise click.UsageError(
                "a collection has its own encoder: leave out --model, or name a FOLDER"
            )
        from lookalike import open as open_collection

        opened = stack.enter_context(
            open_collection(collection, runtime=runtime, precision=precision)
        )
        return [opened.encoder], partial(evaluation.evaluate_collection, opened)
    if folder is None or collection is not None:
        raise click.UsageError("name a FOLDER, or a collection with -c, one of the two")
    from lookalike.encoders import DEFAULT_MODEL, load

    encoders = [
        load(model, runtime=runtime, precision=precision) for model in models or (DEFAULT_MODEL,)
    ]
    return encoders, partial(evaluation.evaluate, folder, encoders)


def _write_html(file: str, result: "Evaluation") -> None:
    from lookalike.evaluation.report.page import html_page

    with counting("drawing the page") as listener:
        page = html_page(result, on_progress=listener)
    try:
        with open(file, "w", encoding="utf-8") as out:
            out.write(page)
    except OSError as error:
        raise click.FileError(file, error.strerror) from error
