"""lookalike search."""

import sys
from typing import TYPE_CHECKING

import click

from lookalike.cli import options
from lookalike.cli.output import echo_json, show

if TYPE_CHECKING:
    from lookalike import Collection
    from lookalike.types import SearchResult


@click.command()
@click.argument("picture", metavar="PICTURE|URL|-")
@options.collection
@click.option(
    "-k", default=10, show_default=True, type=click.IntRange(min=1), help="How many to find."
)
@options.model
@options.inference
@click.option(
    "--html", metavar="FILE", help="Write one self-contained page: the query beside its neighbours."
)
@options.as_json
def search(
    picture: str,
    collection: str | None,
    k: int,
    model: str | None,
    runtime: str,
    precision: str,
    html: str | None,
    as_json: bool,
) -> None:
    """Find the pictures nearest to PICTURE, which need not be in the collection.

    PICTURE is a file, an http(s) address, or - for standard input.
    """
    import lookalike
    from lookalike.errors import DecodeError
    from lookalike.present.json import search_json
    from lookalike.types import SearchResult

    photos = lookalike.open(collection, model=model, runtime=runtime, precision=precision)
    data = _read(picture)
    try:
        result = SearchResult(picture, photos.search(data, k))
    except DecodeError as error:
        raise DecodeError(f"cannot search by {picture}: {error}") from error
    if html is not None:
        _write_html(html, result, data, photos)
    if as_json:
        echo_json(search_json(result))
    else:
        from lookalike.present.terminal import hits_table

        show(hits_table(result))


def _read(picture: str) -> bytes:
    from lookalike import source
    from lookalike.errors import SourceError

    try:
        if picture == "-":
            return source.read_stream(sys.stdin.buffer)
        return source.read(picture)
    except SourceError as error:
        raise SourceError(f"cannot search by {picture}: {error}") from error


def _write_html(file: str, result: "SearchResult", query: bytes, photos: "Collection") -> None:
    from lookalike import decode
    from lookalike.present.html import html_page

    thumbnails = [_thumbnail(photos, hit.id) for hit in result.hits]
    page = html_page(result, decode.thumbnail(query, 640), thumbnails)
    try:
        with open(file, "w", encoding="utf-8") as out:
            out.write(page)
    except OSError as error:
        raise click.FileError(file, error.strerror) from error


def _thumbnail(photos: "Collection", image_id: int) -> bytes:
    from lookalike.errors import LookalikeError

    try:
        return photos.thumbnail(image_id)
    except LookalikeError:
        return b""  # its file is out of reach: the page shows an empty frame
