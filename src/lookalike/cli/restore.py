"""lookalike restore."""

import click

from lookalike.cli import options
from lookalike.cli.output import echo_json


@click.command()
@click.argument("backup", metavar="BACKUP")
@options.collection
@options.as_json
def restore(backup: str, collection: str | None, as_json: bool) -> None:
    """Make a collection from BACKUP, in a folder that has none."""
    from lookalike.collection import default_location
    from lookalike.present.text import display_path
    from lookalike.store import Place
    from lookalike.store.local import restore as copy_back

    folder = Place.of(collection or default_location()).folder
    count = copy_back(backup, folder)
    if as_json:
        echo_json({"collection": folder, "images": count})
    else:
        click.echo(f"{count} pictures are back in {display_path(folder)}")
