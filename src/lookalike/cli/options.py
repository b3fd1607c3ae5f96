"""Options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def collection(command: F) -> F:
    """-c: the collection's folder."""
    return click.option(
        "-c",
        "--collection",
        metavar="FOLDER",
        help="The collection's folder. Default: one in your user-data folder.",
    )(command)


def where(command: F) -> F:
    """--where."""
    return click.option(
        "--where",
        metavar="KEY=VALUE",
        multiple=True,
        help="Only pictures that fit. KEY is folder, format, label, after, before (days such as "
        "2024-05-31), min_width, min_height, min_bytes, max_bytes or camera. Repeatable: format "
        "and label take any of several.",
    )(command)


def out(command: F) -> F:
    """--out."""
    return click.option(
        "--out",
        metavar="FILE",
        help="Also write them into FILE, whose name ends in .csv, .jsonl or .parquet.",
    )(command)


def as_json(command: F) -> F:
    """--json."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def model(command: F) -> F:
    """--model."""
    return click.option(
        "--model",
        metavar="NAME|FOLDER|FILE.onnx",
        help="The encoder. Default: the collection's own; for a new one, compact.",
    )(command)


def recall(command: F) -> F:
    """--recall."""
    return click.option(
        "--recall",
        default=0.99,
        show_default=True,
        type=click.FloatRange(0, 1, min_open=True),
        help="The share of the true nearest that a search of a large collection should find; "
        "1 looks at every picture.",
    )(command)


def inference(command: F) -> F:
    """--runtime and --precision."""
    for option in (
        click.option(
            "--precision",
            default="auto",
            show_default=True,
            type=click.Choice(["auto", "fp32", "bf16"]),
            help="Arithmetic; auto is bf16 where the CPU has it and the embeddings keep.",
        ),
        click.option(
            "--runtime",
            default="auto",
            show_default=True,
            type=click.Choice(["auto", "openvino", "onnxruntime"]),
            help="Inference runtime.",
        ),
    ):
        command = option(command)
    return command


def isolate(command: F) -> F:
    """--isolate."""
    return click.option(
        "--isolate",
        is_flag=True,
        help="Decode in processes of their own: slower, but a codec that crashes costs one file.",
    )(command)
