"""lookalike copy."""

import time

import click

from lookalike.cli import options
from lookalike.cli.output import counting, echo_json


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@options.as_json
def copy(source: str, target: str, as_json: bool) -> None:
    """Copy the collection FROM to TO, into any kind of store, without encoding anything again.

    Each is a folder, or milvus://HOST:PORT/NAME.

    Pictures, embeddings, labels, skipped files, and folders with their rules go along; pictures get
    new ids, and other encoders and regions stay behind. It may be interrupted: the same command
    goes on. In the end the copy is checked, by count and by sampled embeddings. A copy of a folder
    that keeps everything as it is, ids too, is what backup makes.
    """
    import lookalike
    from lookalike.present.text import display_path

    began = time.monotonic()
    with lookalike.open(source) as photos, counting("copying") as on_progress:
        done = photos.copy_to(target, on_progress)
    if as_json:
        echo_json(
            {
                "from": source,
                "to": target,
                "images": done.images,
                "copied": done.copied,
                "labelled": done.labelled,
                "skipped": done.skipped,
                "roots": done.roots,
                "lacking": done.lacking,
                "left": list(done.left),
                "checked": done.checked,
                "seconds": round(time.monotonic() - began, 2),
            }
        )
        return
    click.echo(
        f"{done.images} pictures are in {display_path(target)}, {done.copied} of them copied now; "
        f"{done.checked} embeddings were compared"
    )
    if done.lacking:
        click.echo(f"{done.lacking} pictures have no embedding yet and were left: index there")
    for each in done.left:
        click.echo(f"left behind: embeddings of {each}; see lookalike encoder")
