"""lookalike search."""

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lookalike.cli import options
from lookalike.cli.output import echo_json, show

if TYPE_CHECKING:
    from lookalike import Collection
    from lookalike.types import Crop, Example, Query, SearchResult


def _crop(_ctx: click.Context, _param: click.Parameter, value: str | None) -> "Crop | None":
    """X,Y,W,H: all whole numbers, or shares."""
    if value is None:
        return None
    parts = value.split(",")
    if len(parts) == 4 and all(re.fullmatch(r"\d{1,9}", part) for part in parts):
        left, top, width, height = map(int, parts)
        return left, top, width, height
    if len(parts) == 4 and all(re.fullmatch(r"\d*\.\d+|[01]", part) for part in parts):
        x, y, w, h = map(float, parts)
        return x, y, w, h
    raise click.BadParameter(
        f"{value!r} is not X,Y,W,H: whole numbers of pixels, or shares such as 0.25,0,0.5,1.0"
    )


def _moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """[[H:]M:]S, as seconds."""
    if value is None:
        return None
    found = re.fullmatch(r"(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,6}(?:\.\d{1,3})?)", value)
    if found is None:
        raise click.BadParameter(f"{value!r} is no time, such as 42, 0:42 or 1:02:03.5")
    hours, minutes, seconds = found.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


@click.command()
@click.argument("picture", metavar="[PICTURE|URL|-]", required=False)
@options.collection
@click.option(
    "--and",
    "also",
    metavar="PICTURE",
    multiple=True,
    help="Find what looks like this picture as well. Repeatable.",
)
@click.option(
    "--not",
    "against",
    metavar="PICTURE",
    multiple=True,
    help="Find what looks less like this picture. Repeatable.",
)
@click.option(
    "--text",
    metavar="WORDS",
    help="Find what these words say, where the encoder understands any (clip-vit-b32).",
)
@click.option(
    "--text-weight",
    default=1.0,
    show_default=True,
    metavar="WEIGHT",
    type=click.FloatRange(0, 1000, min_open=True),
    help="How much the words count beside each picture, which counts 1.",
)
@click.option(
    "--crop",
    metavar="X,Y,W,H",
    callback=_crop,
    help="Search by a part of PICTURE: left, top, width and height in pixels, or as shares of it "
    "with a decimal point, such as 0.25,0.0,0.5,1.0.",
)
@click.option(
    "--at",
    metavar="TIME",
    callback=_moment,
    help="Search by this moment of PICTURE, which is a film: 42, 0:42 or 1:02:03.5. Default: its "
    "first good frame.",
)
@options.where
@click.option(
    "-k", default=10, show_default=True, type=click.IntRange(min=1), help="How many to find."
)
@click.option(
    "--offset",
    default=0,
    metavar="N",
    type=click.IntRange(min=0),
    help="Pass over the N nearest: the next page.",
)
@click.option(
    "--min-score",
    metavar="SCORE",
    type=click.FloatRange(-1, 1),
    help="Leave out what scores less, from -1 to 1.",
)
@click.option(
    "--exclude", is_flag=True, help="Leave out the query's own pictures and their copies."
)
@click.option(
    "--group", is_flag=True, help="Fold hits that are one picture, changed, into the nearest one."
)
@click.option(
    "--any-orientation",
    is_flag=True,
    help="Also find pictures that are mirrored or turned by quarters.",
)
@click.option(
    "--regions",
    is_flag=True,
    help="Also find pictures that contain the query as a part, where the collection was indexed "
    "with --regions.",
)
@options.model
@options.inference
@options.recall
@click.option(
    "--html", metavar="FILE", help="Write one self-contained page: the query beside its neighbours."
)
@options.out
@options.as_json
def search(
    picture: str | None,
    collection: str | None,
    also: tuple[str, ...],
    against: tuple[str, ...],
    text: str | None,
    text_weight: float,
    crop: "Crop | None",
    at: float | None,
    where: tuple[str, ...],
    k: int,
    offset: int,
    min_score: float | None,
    exclude: bool,
    group: bool,
    any_orientation: bool,
    regions: bool,
    model: str | None,
    runtime: str,
    precision: str,
    recall: float,
    html: str | None,
    out: str | None,
    as_json: bool,
) -> None:
    """Find the pictures nearest to PICTURE, which need not be in the collection.

    PICTURE is a file, an http(s) address, or - for standard input, also a film. It may be left out
    where --text says what to look for.
    """
    import lookalike
    from lookalike.errors import DecodeError
    from lookalike.present.json import search_json
    from lookalike.present.text import query_name
    from lookalike.search import parse_where
    from lookalike.types import Example, Query, SearchResult

    if picture is None and text is None:
        raise click.UsageError("name a PICTURE, or say with --text what to look for")
    if picture is None and crop is not None:
        raise click.UsageError("--crop is of PICTURE, which is missing")
    if picture is None and at is not None:
        raise click.UsageError("--at is of PICTURE, which is missing")
    named = [] if picture is None else [picture]
    contents = [_read(each) for each in named]
    query = Query(
        positives=(
            *(Example(content, crop=crop, at=at) for content in contents),
            *map(Example, also),
        ),
        negatives=tuple(map(Example, against)),
        text=text,
        text_weight=text_weight,
        where=parse_where(where),
        min_score=min_score,
        exclude=exclude,
        group=group,
        any_orientation=any_orientation,
        regions=regions,
    )
    photos = lookalike.open(
        collection, model=model, runtime=runtime, precision=precision, recall=recall
    )
    name = query_name([*named, *also], against, text)
    try:
        hits = photos.search(query, k, offset=offset)
    except DecodeError as error:
        raise DecodeError(_about(error, named)) from error
    result = SearchResult(name, hits, offset, photos.count(query.where))
    if html is not None:
        _write_html(html, result, query, photos)
    if out is not None:
        lookalike.save(hits, out)
    if as_json:
        echo_json(search_json(result))
    else:
        from lookalike.present.terminal import hits_table

        show(hits_table(result))


def _about(error: Exception, named: Sequence[str]) -> str:
    """The error with the name of its picture, which the first one lost when it was read."""
    sentence = str(error)
    return sentence if sentence.startswith("cannot ") else f"cannot search by {named[0]}: {error}"


def _read(picture: str) -> bytes | str:
    """The picture; a film that lies on disk stays there."""
    from lookalike import source
    from lookalike.errors import SourceError

    try:
        if picture == "-":
            return source.read_stream(sys.stdin.buffer)
        found = source.read(picture)
        return found if isinstance(found, bytes) else found.path
    except SourceError as error:
        raise SourceError(f"cannot search by {picture}: {error}") from error


def _write_html(file: str, result: "SearchResult", query: "Query", photos: "Collection") -> None:
    from lookalike.present.html import html_page

    shown = _preview(query.positives[0]) if query.positives else b""
    thumbnails = [_thumbnail(photos, hit.id) for hit in result.hits]
    page = html_page(result, shown, thumbnails)
    try:
        with open(file, "w", encoding="utf-8") as out:
            out.write(page)
    except OSError as error:
        raise click.FileError(file, error.strerror) from error


def _preview(example: "Example") -> bytes:
    from lookalike import decode, source

    frame = None if example.at is None else round(1000 * example.at)
    picture = example.picture
    if isinstance(picture, str):
        return decode.thumbnail(source.read(picture), 640, frame)
    return decode.thumbnail(picture, 640, frame) if isinstance(picture, bytes) else b""


def _thumbnail(photos: "Collection", image_id: int) -> bytes:
    from lookalike.errors import LookalikeError

    try:
        return photos.thumbnail(image_id)
    except LookalikeError:
        return b""  # its file is out of reach: the page shows an empty frame
