"""lookalike index."""

import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from lookalike.cli import options
from lookalike.cli.output import echo_json, progress, show

if TYPE_CHECKING:
    from lookalike import IndexSummary, Rules


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@options.collection
@options.model
@options.inference
@options.isolate
@options.rules
@click.option(
    "--prune", is_flag=True, help="Also forget pictures whose folder is empty or not mounted."
)
@click.option(
    "--regions/--no-regions",
    default=None,
    help="Also embed regions of each picture, so that searches with --regions find what is a part "
    "of one; kept for later runs. --no-regions forgets them.",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Go on: index what comes, changes, moves and goes, within seconds, until Ctrl-C.",
)
@click.option(
    "--ray",
    metavar="ADDRESS|local",
    help="Read and encode on a Ray cluster: its address, or local for one of this machine.",
)
@click.option(
    "--worker-cpus",
    type=click.IntRange(1),
    help="With --ray: processor cores a worker. Default: 1, or more on a node of more than 8.",
)
@click.option("--strict", is_flag=True, help="Exit with 3 where files were skipped.")
@options.as_json
def index(
    paths: tuple[str, ...],
    collection: str | None,
    model: str | None,
    runtime: str,
    precision: str,
    isolate: bool,
    rules: "Rules | None",
    prune: bool,
    regions: bool | None,
    watch: bool,
    ray: str | None,
    worker_cpus: int | None,
    strict: bool,
    as_json: bool,
) -> int:
    """Bring a collection up to date with folders of pictures, or addresses such as s3://bucket/x.

    Without PATH: the folders that were indexed before. Which files of a folder are indexed
    (--include and so on) is kept, and holds until it is told anew. With --watch, every run that
    changed something is reported.
    """
    if ray is None and worker_cpus is not None:
        raise click.UsageError("--worker-cpus goes with --ray")
    if ray is not None and isolate:
        raise click.UsageError("--isolate goes without --ray: a worker that dies costs one file")

    import lookalike
    from lookalike import decode
    from lookalike.present.json import index_json
    from lookalike.present.terminal import index_report

    def report(summary: "IndexSummary") -> None:
        if as_json:
            echo_json(index_json(summary))
        else:
            show(index_report(summary))

    photos = lookalike.open(collection, model=model, runtime=runtime, precision=precision)
    with decode.isolated() if isolate else nullcontext():
        with progress() as listener:
            summary = photos.index(
                *paths,
                rules=rules,
                prune=prune,
                regions=regions,
                on_progress=listener,
                ray=ray,
                worker_cpus=worker_cpus,
            )
        report(summary)
        if watch:
            from lookalike.jobs import Watcher

            Watcher(photos, report).run(threading.Event())
    return 3 if strict and summary.skipped else 0
