"""Many small pictures in one file, each in a cell of its own."""

import io
from collections.abc import Sequence

from PIL import Image, ImageOps

from lookalike.collection import Collection
from lookalike.errors import LookalikeError

SIDE = 48
"""Pixels of a cell, which a picture fills, cut to a square."""

COLUMNS = ROWS = 32
CELLS = COLUMNS * ROWS

_THUMBNAIL = 160
_EMPTY = (128, 128, 128)


def draw(collection: Collection, ids: Sequence[int]) -> bytes:
    """A JPEG of `CELLS` pictures at most, row by row; what cannot be shown leaves its cell grey.

    The thumbnails that it is drawn from are made where there are none yet, and kept.
    """
    sheet = Image.new("RGB", (COLUMNS * SIDE, -(-len(ids) // COLUMNS) * SIDE), _EMPTY)
    for place, image_id in enumerate(ids):
        try:
            data = collection.thumbnail(image_id, _THUMBNAIL)
        except LookalikeError:
            continue
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            picture.draft("RGB", (SIDE, SIDE))
            cell = ImageOps.fit(picture.convert("RGB"), (SIDE, SIDE))
        sheet.paste(cell, (place % COLUMNS * SIDE, place // COLUMNS * SIDE))
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=80)
    return out.getvalue()
