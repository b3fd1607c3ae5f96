"""lookalike duplicates."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lookalike.cli import options
from lookalike.cli.output import counting, echo_json, show

if TYPE_CHECKING:
    from lookalike.tidy import Done

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
@click.option(
    "--turned/--no-turned",
    default=True,
    show_default=True,
    help="Whether to find copies that were turned by quarters as well; the first time, every file "
    "is read for that.",
)
@click.option(
    "--move", metavar="FOLDER", help="Put all but the best copies into FOLDER, with their paths."
)
@click.option(
    "--hard-link", is_flag=True, help="Make identical copies one file with several names."
)
@click.option("--yes", is_flag=True, help="Do it; otherwise it is only told what would be done.")
@click.option("--undo", metavar="JOURNAL", help="Take back what an earlier --yes did.")
@options.out
@options.as_json
def duplicates(
    collection: str | None,
    kinds: tuple[str, ...],
    where: tuple[str, ...],
    turned: bool,
    move: str | None,
    hard_link: bool,
    yes: bool,
    undo: str | None,
    out: str | None,
    as_json: bool,
) -> None:
    """Find pictures that are in the collection several times.

    Each group begins with its best copy: the most pixels, then the most bytes, then the oldest,
    then the shortest path. Files stay as they are unless --yes goes with --move or --hard-link;
    what was done then is in a journal, from which --undo takes it back.
    """
    import lookalike
    from lookalike import tidy
    from lookalike.present.json import duplicates_json
    from lookalike.present.terminal import duplicates_table
    from lookalike.search import parse_where
    from lookalike.tables import group_table, write_table

    if sum((move is not None, hard_link, undo is not None)) > 1:
        raise click.UsageError("--move, --hard-link and --undo go one by one")
    if undo is not None:
        _report(list(tidy.undo(undo)), "taken back", None, as_json)
        return
    if move is not None and "similar" in kinds:
        raise click.UsageError("similar pictures are no copies: --move is for identical and near")
    photos = lookalike.open(collection)
    with counting("comparing") as listener:
        groups = photos.duplicates(parse_where(where), listener, turned=turned)
    chosen = [group for group in groups if group.kind in (kinds or _KINDS[:2])]
    if out is not None:
        write_table(out, group_table(chosen))
    if move is not None or hard_link:
        steps = tidy.moves(chosen, move) if move is not None else tidy.links(chosen)
        if not yes:
            _report([tidy.Done(step) for step in steps], "would be done (--yes)", None, as_json)
            return
        journal = tidy.new_journal(photos.home)
        _report(list(tidy.act(steps, journal)), "done", journal, as_json)
    elif as_json:
        echo_json(duplicates_json(chosen))
    else:
        show(duplicates_table(chosen))


def _report(done: "Sequence[Done]", how: str, journal: str | None, as_json: bool) -> None:
    from lookalike.present.text import display_path

    if as_json:
        steps = [
            {
                "action": each.step.action,
                "path": each.step.path,
                "target": each.step.target,
                "reason": each.reason,
            }
            for each in done
        ]
        echo_json({"steps": steps, "journal": journal})
        return
    for each in done:
        end = "" if each.reason is None else f"\tleft: {each.reason}"
        click.echo(display_path(f"{each.step.action} {each.step.path} -> {each.step.target}{end}"))
    left = sum(each.reason is not None for each in done)
    click.echo(f"{len(done) - left} {how}, {left} left alone")
    if journal is not None:
        click.echo(f"lookalike duplicates --undo {display_path(journal)} takes it back")
