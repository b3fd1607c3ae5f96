"""lookalike status."""

import click

from lookalike.cli import options
from lookalike.cli.output import echo_json, show


@click.command()
@options.collection
@options.as_json
def status(collection: str | None, as_json: bool) -> None:
    """Show what a collection holds: pictures, encoder, folders, skipped files."""
    import lookalike
    from lookalike.present.json import status_json

    with lookalike.open(collection) as photos:
        now = photos.status()
    if as_json:
        echo_json(status_json(now))
    else:
        from lookalike.present.terminal import status_table

        show(status_table(now))
