"""lookalike label."""

import os
from typing import TYPE_CHECKING

import click

from lookalike.cli import options
from lookalike.cli.output import echo_json

if TYPE_CHECKING:
    from lookalike import Collection, Where
    from lookalike.store import StoredFile

_PAGE = 1000


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@options.collection
@options.where
@click.option("--add", multiple=True, metavar="LABEL", help="Give them this label. Repeatable.")
@click.option("--remove", multiple=True, metavar="LABEL", help="Take it off. Repeatable.")
@options.as_json
def label(
    paths: tuple[str, ...],
    collection: str | None,
    where: tuple[str, ...],
    add: tuple[str, ...],
    remove: tuple[str, ...],
    as_json: bool,
) -> None:
    """Label the pictures at PATH, or all that fit; without --add and --remove, list labels.

    Labels are kept in the collection, never in the files. Case does not tell them apart.
    """
    import lookalike
    from lookalike.present.text import display_path
    from lookalike.search import parse_where
    from lookalike.store.where import label_key

    if (add or remove) and not (paths or where):
        raise click.UsageError("name the pictures: by PATH, or with --where")
    if not all(name.strip() and name.isprintable() for name in add):
        raise click.UsageError("a label is a word or a few, on one line")
    with lookalike.open(collection) as photos:
        chosen = _chosen(photos, paths, parse_where(where))
        labels = {item.id: photos.labels([item.id]).get(item.id, []) for item in chosen}
        if add or remove:
            gone = set(map(label_key, remove))
            photos.set_labels(
                {
                    image_id: [*(n for n in old if label_key(n) not in gone), *map(str.strip, add)]
                    for image_id, old in labels.items()
                }
            )
            labels = photos.labels(list(labels))
    listed = [(item.file.path, labels.get(item.id, [])) for item in chosen]
    if as_json:
        echo_json({"images": [{"path": path, "labels": names} for path, names in listed]})
        return
    for path, names in listed:
        if names:
            click.echo("\t".join([display_path(path), *map(display_path, names)]))


def _chosen(photos: "Collection", paths: tuple[str, ...], where: "Where") -> "list[StoredFile]":
    """The pictures of the collection that are meant.

    Raises:
        QueryError: a path is no picture of the collection that fits.
    """
    from lookalike.errors import QueryError

    wanted = {os.path.realpath(path) for path in paths}
    found: list[StoredFile] = []
    offset = 0
    while page := photos.browse(offset, _PAGE, where):
        found += (item for item in page if not wanted or item.file.path in wanted)
        offset += len(page)
    missing = wanted - {item.file.path for item in found}
    if missing:
        raise QueryError(
            f"{min(missing)} is no picture of the collection that fits; index it first"
        )
    return found
