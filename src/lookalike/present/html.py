"""A search result as one self-contained HTML page: the query beside its neighbours."""

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import zip_longest
from typing import TYPE_CHECKING

from lookalike.present.text import clock, display_path
from lookalike.types import Hit, SearchResult

if TYPE_CHECKING:
    from jinja2 import Template

# The first bytes of the formats that browsers show.
_SIGNATURES = [
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
    (b"BM", "image/bmp"),
]


@dataclass(frozen=True, slots=True)
class _Neighbour:
    """One neighbour as the template shows it; `image` is a data: URI, empty where there is none."""

    rank: int
    name: str
    folder: str
    path: str
    score: str
    distance: str
    bar: int
    ratio: str
    image: str
    moment: str
    how: str
    region: str


def html_page(result: SearchResult, query_image: bytes, thumbnails: Sequence[bytes]) -> str:
    """A page that needs no other file, no script and no network.

    Args:
        result: the query and its hits.
        query_image: the query, encoded as a browser can show it (JPEG, PNG, GIF, WebP, BMP,
            AVIF); best reduced to a thousand pixels or so, since it goes into the page.
        thumbnails: one encoded picture a hit, in their order; an empty one, or one that is
            missing at the end, leaves an empty frame.
    """
    pairs = zip_longest(result.hits, thumbnails[: len(result.hits)], fillvalue=b"")
    neighbours = [
        _neighbour(rank, hit, thumbnail)
        for rank, (hit, thumbnail) in enumerate(pairs, start=1)
        if isinstance(hit, Hit) and isinstance(thumbnail, bytes)
    ]
    return _template().render(
        query=display_path(result.query),
        query_name=display_path(_name(result.query)),
        query_image=_data_uri(query_image),
        neighbours=neighbours,
    )


def _neighbour(rank: int, hit: Hit, thumbnail: bytes) -> _Neighbour:
    # Panoramas and very tall pictures are cut to a frame that still fits the grid.
    ratio = min(2.4, max(0.55, hit.width / max(1, hit.height)))
    return _Neighbour(
        rank=rank,
        name=display_path(_name(hit.path)),
        folder=display_path(os.path.basename(os.path.dirname(hit.path))),
        path=display_path(hit.path),
        score=f"{hit.score:z.3f}",
        distance=f"{hit.distance:z.3f}",
        bar=round(100 * min(1.0, max(0.0, hit.score))),
        ratio=f"{ratio:.4f}",
        image=_data_uri(thumbnail),
        moment="" if hit.frame is None else clock(hit.frame),
        how="" if hit.orientation in (None, "upright") else str(hit.orientation),
        region=_region(hit, ratio),
    )


def _region(hit: Hit, ratio: float) -> str:
    """Where to draw the part that fits, as CSS; the frame shows the middle of odd shapes."""
    if hit.region is None:
        return ""
    left, top, width, height = hit.region
    # Shares of the frame, which shows the picture as large as it covers it.
    own = hit.width / max(1, hit.height)
    across, down = max(1.0, own / ratio), max(1.0, ratio / own)
    x, y = 0.5 + (left - 0.5) * across, 0.5 + (top - 0.5) * down
    return (
        f"left:{100 * x:.2f}%;top:{100 * y:.2f}%;"
        f"width:{100 * width * across:.2f}%;height:{100 * height * down:.2f}%"
    )


def _name(path: str) -> str:
    return os.path.basename(path.rstrip("/")) or path


def _data_uri(image: bytes) -> str:
    if not image:
        return ""
    kind = next((kind for start, kind in _SIGNATURES if image.startswith(start)), "image/avif")
    return f"data:{kind};base64,{base64.b64encode(image).decode('ascii')}"


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    source = resources.files("lookalike.present").joinpath("page.html.jinja")
    return environment.from_string(source.read_text(encoding="utf-8"))
