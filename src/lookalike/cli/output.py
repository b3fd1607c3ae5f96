"""What goes to stdout and stderr, and how."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from lookalike.types import IndexProgress, ProgressListener

if TYPE_CHECKING:
    from rich.console import RenderableType


def echo_json(record: dict[str, Any]) -> None:
    """One JSON object on stdout; ASCII, so that any file name survives any terminal."""
    click.echo(json.dumps(record, indent=2 if sys.stdout.isatty() else None))


def show(result: "RenderableType") -> None:
    """A result for a person, on stdout."""
    from lookalike.present.terminal import make_console

    make_console(sys.stdout).print(result)


@contextmanager
def progress() -> Iterator[ProgressListener | None]:
    """A progress bar with rate and time left on stderr; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeLeft(compact=True),
        TextColumn("{task.fields[skipped]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("looking for pictures", total=None, rate="", skipped="")

        def listen(now: IndexProgress) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            bar.update(
                task,
                description=now.stage if now.waiting is None else "waiting",
                completed=now.done,
                total=now.total if now.total_final else None,
                rate=f"{now.done / elapsed:.0f}/s" if elapsed > 1 else "",
                skipped=f"{now.skipped} skipped" if now.skipped else "",
            )

        yield listen


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar for work whose size is known: called with (done, total)."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def announce(url: str) -> None:
    """Tell where the server listens."""
    click.echo(f"Lookalike is at {url} (Ctrl-C stops it)", err=True)
