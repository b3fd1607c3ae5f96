"""lookalike duplicates."""

import click

from lookalike.cli import options
from lookalike.cli.output import counting, echo_json, show

_KINDS = ("identical", "near", "similar")


@click.command()
@options.collection
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(_KINDS),
    multiple=True,
    help="identical: the same bytes; near: one picture, changed; similar: pictures that look "
    "alike. Repeatable. Default: identical and near.",
)
@options.where
@options.out
@options.as_json
def duplicates(
    collection: str | None,
    kinds: tuple[str, ...],
    where: tuple[str, ...],
    out: str | None,
    as_json: bool,
) -> None:
    """Find pictures that are in the collection several times.

    Each group begins with its best copy: the most pixels, then the most bytes, then the oldest,
    then the shortest path. Nothing is moved or deleted.
    """
    import lookalike
    from lookalike.present.json import duplicates_json
    from lookalike.present.terminal import duplicates_table
    from lookalike.search import parse_where
    from lookalike.tables import group_table, write_table

    photos = lookalike.open(collection)
    with counting("comparing") as listener:
        groups = photos.duplicates(parse_where(where), listener)
    chosen = [group for group in groups if group.kind in (kinds or _KINDS[:2])]
    if out is not None:
        write_table(out, group_table(chosen))
    if as_json:
        echo_json(duplicates_json(chosen))
    else:
        show(duplicates_table(chosen))
