"""lookalike backup."""

import click

from lookalike.cli import options
from lookalike.cli.output import echo_json


@click.command()
@click.argument("destination", metavar="FOLDER")
@options.collection
@options.as_json
def backup(destination: str, collection: str | None, as_json: bool) -> None:
    """Copy a collection to FOLDER as it is now, also while it is being indexed.

    An earlier backup of the same collection there is replaced, once the new one is whole.
    """
    from lookalike.collection import default_location
    from lookalike.present.text import display_path
    from lookalike.store import Place
    from lookalike.store.local import back_up

    count = back_up(Place.of(collection or default_location()).folder, destination)
    if as_json:
        echo_json({"backup": destination, "images": count})
    else:
        click.echo(f"{count} pictures are safe in {display_path(destination)}")
