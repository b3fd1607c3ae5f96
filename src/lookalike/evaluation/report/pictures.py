"""The small pictures of the page, each in it once, however often it is shown."""

import base64
import io
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from PIL import Image, ImageOps

from lookalike.decode import decode
from lookalike.errors import DecodeError, SourceError
from lookalike.evaluation.embedding import WORKERS
from lookalike.source import read_file

SIDE = 112
TILE = 64
_QUALITY = 68


def thumbnails(paths: Sequence[str], on_each: Callable[[], None]) -> list[str]:
    """A JPEG of each file as a data: URI, its longest side 112 pixels; empty where it is gone."""

    def one(path: str) -> str:
        image = _read(path, SIDE)
        if image is None:
            return ""
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
        return _uri(image)

    found = []
    with ThreadPoolExecutor(WORKERS, "thumbnail") as pool:
        for uri in pool.map(one, paths):
            found.append(uri)
            on_each()
    return found


def atlas(paths: Sequence[str], on_each: Callable[[], None]) -> tuple[str, int]:
    """All files as squares of 64 pixels on one sheet, row by row: a data: URI, and the columns."""
    columns = max(1, math.ceil(math.sqrt(len(paths))))
    rows = max(1, math.ceil(len(paths) / columns))
    sheet = Image.new("RGB", (columns * TILE, rows * TILE), "grey")

    def one(path: str) -> Image.Image | None:
        image = _read(path, TILE)
        return None if image is None else ImageOps.fit(image, (TILE, TILE))

    with ThreadPoolExecutor(WORKERS, "thumbnail") as pool:
        for index, tile in enumerate(pool.map(one, paths)):
            if tile is not None:
                sheet.paste(tile, (index % columns * TILE, index // columns * TILE))
            on_each()
    return _uri(sheet), columns


def _read(path: str, side: int) -> Image.Image | None:
    try:
        return decode(read_file(path), at_least=side).image
    except (SourceError, DecodeError):
        return None  # it was there a minute ago; the page shows an empty frame


def _uri(image: Image.Image) -> str:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")
