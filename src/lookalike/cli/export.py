"""lookalike export."""

import click

from lookalike.cli import options
from lookalike.cli.output import echo_json


@click.command()
@click.argument("file", metavar="FILE")
@options.collection
@options.where
@click.option(
    "--embeddings", is_flag=True, help="With the embeddings: into .parquet; .npz always has them."
)
@options.as_json
def export(
    file: str, collection: str | None, where: tuple[str, ...], embeddings: bool, as_json: bool
) -> None:
    """Write the pictures of a collection into FILE, a row each.

    The name of FILE says how: .csv, .jsonl (JSON Lines), .parquet, or .npz with embeddings for
    NumPy. What was in FILE is replaced once all of it is written.
    """
    import lookalike
    from lookalike.present.text import display_path
    from lookalike.search import parse_where

    with lookalike.open(collection) as photos:
        count = photos.export(file, parse_where(where), embeddings=embeddings)
    if as_json:
        echo_json({"file": file, "images": count})
    else:
        click.echo(f"{count} pictures are in {display_path(file)}")
