"""lookalike check."""

from dataclasses import asdict

import click

from lookalike.cli import options
from lookalike.cli.output import echo_json


@click.command()
@options.collection
@click.option(
    "--repair", metavar="NEW", help="Save what can be saved into a new collection in this folder."
)
@options.as_json
def check(collection: str | None, repair: str | None, as_json: bool) -> int:
    """Read all of a collection and tell what is damaged.

    Exits with 1 where something is, unless it was repaired into NEW; the damaged collection is
    never changed.
    """
    from lookalike.collection import default_location
    from lookalike.present.text import display_path
    from lookalike.store import Place
    from lookalike.store.local import check as examine
    from lookalike.store.local import repair as save

    folder = Place.of(collection or default_location()).folder
    found = examine(folder)
    saved = save(folder, repair) if repair is not None else None
    if as_json:
        echo_json({**asdict(found), "repaired": None if saved is None else asdict(saved)})
    else:
        for problem in found.problems:
            click.echo(display_path(problem))
        if not found.problems:
            click.echo(f"all is well: {found.images} pictures")
        if saved is not None:
            lost = ", ".join(f"{count} of {table}" for table, count in saved.lost.items())
            click.echo(f"saved {saved.images} pictures into {display_path(str(repair))}")
            click.echo(f"rows lost: {lost or 'none'}")
    return 1 if found.problems and saved is None else 0
