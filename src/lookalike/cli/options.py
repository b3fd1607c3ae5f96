"""Options that several commands share."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import click

from lookalike.types import Links, Rules

F = TypeVar("F", bound=Callable[..., Any])


def collection(command: F) -> F:
    """-c: the collection's folder, or its address."""
    return click.option(
        "-c",
        "--collection",
        metavar="FOLDER",
        help="The collection: a folder, or milvus://HOST:PORT/NAME. Default: a folder in your "
        "user-data folder.",
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
            help="Arithmetic; auto is bf16 where the CPU is quicker in it and the embeddings keep.",
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


def rules(command: F) -> F:
    """--include and the like, as `rules`: a `Rules`, or None where none is given."""

    @wraps(command)
    def gathered(
        include: tuple[str, ...],
        exclude: tuple[str, ...],
        links: Links | None,
        hidden: bool,
        min_bytes: int | None,
        no_keywords: bool,
        no_rules: bool,
        **others: Any,  # noqa: ANN401  of the command
    ) -> Any:  # noqa: ANN401  as the command
        rules = Rules(
            include=include,
            exclude=exclude,
            links=links or "files",
            hidden=hidden,
            min_bytes=min_bytes or 0,
            keywords=not no_keywords,
        )
        given = include or exclude or links or hidden or no_keywords or min_bytes is not None
        if given and no_rules:
            raise click.UsageError("--no-rules goes with none of the others")
        return command(rules=rules if given or no_rules else None, **others)

    decorated: Any = gathered
    for option in (
        click.option(
            "--no-rules", is_flag=True, help="Forget the rules that the folders were given before."
        ),
        click.option(
            "--no-keywords",
            is_flag=True,
            help="Do not make labels of the keywords in the files, and in XMP beside them.",
        ),
        click.option(
            "--min-bytes",
            metavar="SIZE",
            callback=_size,
            help="Leave out smaller files, such as icons: 20k, 1M.",
        ),
        click.option("--hidden", is_flag=True, help="With names that begin with a dot."),
        click.option(
            "--links",
            type=click.Choice(["files", "all", "none"]),
            help="Symbolic links to follow: to files (the default), to folders as well, or none.",
        ),
        click.option(
            "--exclude",
            metavar="PATTERN",
            multiple=True,
            help="Leave out files and folders that match, in gitignore's syntax. Repeatable.",
        ),
        click.option(
            "--include",
            metavar="PATTERN",
            multiple=True,
            help="Only files that match, in gitignore's syntax. Repeatable.",
        ),
    ):
        decorated = option(decorated)
    return cast(F, decorated)


def _size(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    from lookalike.errors import QueryError
    from lookalike.search import parse_size

    try:
        return None if value is None else parse_size(value)
    except QueryError as error:
        raise click.BadParameter(str(error)) from error


def isolate(command: F) -> F:
    """--isolate."""
    return click.option(
        "--isolate",
        is_flag=True,
        help="Decode in processes of their own: slower, but a codec that crashes costs one file.",
    )(command)
