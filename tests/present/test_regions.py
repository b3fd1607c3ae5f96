"""How a hit's region and orientation are shown."""

from dataclasses import replace

import pytest

from lookalike.present.html import html_page
from lookalike.present.json import search_json
from lookalike.types import SearchResult
from tests.present.samples import hit


def result(**changes: object) -> SearchResult:
    return SearchResult("query.jpg", [replace(hit("/p/a.jpg"), **changes)])  # type: ignore[arg-type]


def test_json_tells_them_where_they_are_known() -> None:
    placed = result(region=(0.5, 0.0, 0.25, 0.25), orientation="turned-90")
    found = search_json(placed)["hits"][0]
    assert (found["region"], found["orientation"]) == ([0.5, 0.0, 0.25, 0.25], "turned-90")
    assert not {"region", "orientation"} & set(search_json(result())["hits"][0])


@pytest.mark.parametrize(
    ("size", "style"),
    [
        ((400, 400), "left:50.00%;top:0.00%;width:25.00%;height:25.00%"),
        # Four times as wide as high: the frame is 2.4 times, and shows the middle.
        ((400, 100), "left:50.00%;top:0.00%;width:41.67%;height:25.00%"),
    ],
)
def test_the_page_draws_the_region(size: tuple[int, int], style: str) -> None:
    page = html_page(
        result(region=(0.5, 0.0, 0.25, 0.25), width=size[0], height=size[1]), b"", [b""]
    )
    assert f'<i class="region" style="{style}"></i>' in page
    assert "region" not in html_page(result(), b"", [b""]).split("</style>")[1]


def test_the_page_names_the_orientation() -> None:
    assert "<span>turned-90</span>" in html_page(result(orientation="turned-90"), b"", [b""])
    assert "<span>upright</span>" not in html_page(result(orientation="upright"), b"", [b""])
