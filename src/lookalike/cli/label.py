"""lookalike label."""

import os
from typing import TYPE_CHECKING

import click

from lookalike.cli import options
from lookalike.cli.output import echo_json

if TYPE_CHECKING:
    from lookalike import Collection, Where

_PAGE = 1000


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@options.collection
@options.where
@click.option(
    "--like",
    metavar="PICTURE|URL",
    multiple=True,
    help="The pictures that are like this one, from --min-score on. Repeatable.",
)
@click.option(
    "--text", metavar="WORDS", help="Those that show this, where the encoder understands words."
)
@click.option(
    "--min-score",
    metavar="SCORE",
    type=click.FloatRange(-1, 1),
    help="The least score of --like and --text, as `lookalike search` shows them.",
)
@click.option("--add", multiple=True, metavar="LABEL", help="Give them this label. Repeatable.")
@click.option("--remove", multiple=True, metavar="LABEL", help="Take it off. Repeatable.")
@click.option(
    "--yes",
    is_flag=True,
    help="With --like or --text: do it; otherwise the pictures are only listed.",
)
@options.as_json
def label(
    paths: tuple[str, ...],
    collection: str | None,
    where: tuple[str, ...],
    like: tuple[str, ...],
    text: str | None,
    min_score: float | None,
    add: tuple[str, ...],
    remove: tuple[str, ...],
    yes: bool,
    as_json: bool,
) -> None:
    """Label the pictures at PATH, or all that fit; without --add and --remove, list labels.

    Labels are kept in the collection, never in the files. Case does not tell them apart. With
    --like or --text, the pictures are those that a search finds from --min-score on; what would
    be done is listed, and done with --yes.
    """
    import lookalike
    from lookalike.search import parse_where

    asked = bool(like) or text is not None
    if (add or remove) and not (paths or where or asked):
        raise click.UsageError("name the pictures: by PATH, with --where, or with --like")
    if asked and (min_score is None or paths):
        raise click.UsageError("--like and --text go with --min-score, and without PATH")
    if not all(name.strip() and name.isprintable() for name in add):
        raise click.UsageError("a label is a word or a few, on one line")
    with lookalike.open(collection) as photos:
        fits = parse_where(where)
        if asked:
            chosen = _found(photos, like, text, fits, min_score)
        else:
            chosen = _chosen(photos, paths, fits)
        doing = bool(add or remove) and (yes or not asked)
        if doing:
            photos.change_labels(list(chosen), add=[name.strip() for name in add], remove=remove)
        labels = photos.labels(list(chosen))
    listed = [(path, labels.get(image_id, []), score) for image_id, (path, score) in chosen.items()]
    if as_json:
        echo_json(
            {
                "images": [
                    {"path": path, "labels": names, **({} if score is None else {"score": score})}
                    for path, names, score in listed
                ],
                **({"done": doing} if asked else {}),
            }
        )
    elif asked:
        _show_found(listed, doing=doing, wanted=bool(add or remove))
    else:
        _show(listed)


_Chosen = dict[int, tuple[str, float | None]]
"""Path and score by id; no score where nothing was searched."""

_Listed = list[tuple[str, list[str], float | None]]
"""Path, labels and score."""


def _show(listed: _Listed) -> None:
    from lookalike.present.text import display_path

    for path, names, _ in listed:
        if names:
            click.echo("\t".join([display_path(path), *map(display_path, names)]))


def _show_found(listed: _Listed, *, doing: bool, wanted: bool) -> None:
    from lookalike.present.text import display_path

    for path, names, score in listed:
        said = [f"{score or 0:z.4f}", display_path(path), *map(display_path, names)]
        click.echo("\t".join(said))
    end = "labelled" if doing else "would be labelled (--yes)" if wanted else "found"
    click.echo(f"{len(listed)} pictures {end}", err=True)


def _found(
    photos: "Collection",
    like: tuple[str, ...],
    text: str | None,
    where: "Where",
    min_score: float | None,
) -> _Chosen:
    from lookalike.types import Example, Query

    query = Query(positives=tuple(map(Example, like)), text=text, where=where, min_score=min_score)
    return {hit.id: (hit.path, hit.score) for hit in photos.search_all(query)}


def _chosen(photos: "Collection", paths: tuple[str, ...], where: "Where") -> _Chosen:
    """The pictures of the collection that are meant.

    Raises:
        QueryError: a path is no picture of the collection that fits.
    """
    from lookalike.errors import QueryError

    wanted = {os.path.realpath(path) for path in paths}
    found: _Chosen = {}
    offset = 0
    while page := photos.browse(offset, _PAGE, where):
        for item in page:
            if not wanted or item.file.path in wanted:
                found[item.id] = item.file.path, None
        offset += len(page)
    missing = wanted - {path for path, _ in found.values()}
    if missing:
        raise QueryError(
            f"{min(missing)} is no picture of the collection that fits; index it first"
        )
    return found
