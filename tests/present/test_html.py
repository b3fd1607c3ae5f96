"""The page of a search: complete in itself, and deaf to whatever a file is called."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from PIL import Image

from lookalike.present import display_path, html_page
from lookalike.types import SearchResult

from .samples import HOSTILE, hit, hostile_result


def encoded(colour: str, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 12), colour).save(out, kind)
    return out.getvalue()


class Page(HTMLParser):
    """Every element with its attributes, and the text between."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, "elements are nested"

    def handle_data(self, data: str) -> None:
        self.text += data

    def images(self) -> list[str]:
        return [attrs["src"] or "" for tag, attrs in self.elements if tag == "img"]


@pytest.fixture(scope="module")
def hostile() -> str:
    result = hostile_result()
    return html_page(result, encoded("red"), [encoded("blue")] * len(result.hits))


def test_the_images_are_in_the_page_query_first() -> None:
    pictures = [encoded("red", "PNG"), encoded("green"), encoded("blue", "WEBP")]
    result = SearchResult("q.png", [hit("/p/a.jpg", 0.9), hit("/p/b.webp", 0.8)])
    sources = Page(html_page(result, pictures[0], pictures[1:])).images()
    assert [source.split(";")[0] for source in sources] == [
        "data:image/png",
        "data:image/jpeg",
        "data:image/webp",
    ]
    assert [base64.b64decode(source.split(",")[1]) for source in sources] == pictures


def test_each_neighbour_has_rank_score_distance_and_name() -> None:
    result = SearchResult("/q/query.jpg", [hit("/p/seas/a.jpg", 0.98765), hit("/p/b.jpg", 0.5)])
    text = " ".join(Page(html_page(result, encoded("red"), [encoded("blue")] * 2)).text.split())
    assert "query.jpg" in text
    assert "The 2 nearest pictures" in text
    assert "1 0.988distance 0.012 a.jpg in seas" in text
    assert "2 0.500distance 0.500 b.jpg in p" in text


def test_the_page_is_well_formed_and_asks_for_nothing_else(hostile: str) -> None:
    page = Page(hostile)
    assert page.open == []
    assert {tag for tag, _ in page.elements} <= {
        *("html", "head", "meta", "link", "title", "style", "body", "main", "section", "h1", "h2"),
        *("figure", "figcaption", "img", "strong", "small", "bdi", "ol", "li", "span", "b", "i"),
        "footer",
    }
    for _, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in {"src", "href"}:
                assert (value or "").startswith("data:")
    style = re.search(r"<style>(.*?)</style>", hostile, re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    policy = next(a["content"] for t, a in page.elements if "http-equiv" in a)
    assert policy is not None
    assert "default-src 'none'" in policy


def test_hostile_names_are_text(hostile: str) -> None:
    page = Page(hostile)
    titles = [
        attrs["title"] for tag, attrs in page.elements if tag == "figure" and "title" in attrs
    ]
    assert titles == [display_path(path) for path in HOSTILE]
    assert "{{ 7 * 7 }}" in page.text
    hidden = re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", hostile)
    assert hidden == []
    hostile.encode("utf-8")


def test_missing_pictures_leave_a_frame() -> None:
    result = SearchResult("q", [hit(f"/p/{n}.jpg") for n in range(3)])
    page = Page(html_page(result, b"", [encoded("red"), b""]))
    assert len(page.images()) == 1
    frames = [attrs for tag, attrs in page.elements if attrs.get("class") == "empty"]
    assert len(frames) == 3


def test_more_pictures_than_hits_are_left_out() -> None:
    page = Page(
        html_page(SearchResult("q", [hit("/p/a.jpg")]), encoded("red"), [encoded("blue")] * 4)
    )
    assert len(page.images()) == 2
    assert "The nearest picture" in page.text


def test_a_page_without_hits_says_so() -> None:
    assert "No pictures found" in Page(html_page(SearchResult("q", []), encoded("red"), [])).text


def test_extreme_shapes_and_scores_stay_in_their_frames() -> None:
    hits = [
        replace(hit("/p/wide.jpg", 1.0000001), width=10_000, height=100),
        replace(hit("/p/tall.jpg", -0.5), width=1, height=9_000),
        replace(hit("/p/none.jpg", 0.0), width=0, height=0),
    ]
    page = html_page(SearchResult("q", hits), encoded("red"), [encoded("blue")] * 3)
    assert [float(ratio) for ratio in re.findall(r"--ratio: ([\d.]+)\"", page)] == [2.4, 0.55, 0.55]
    assert re.findall(r"width: (\d+)%\"", page) == ["100", "0", "0"]
    assert "-0.000" not in page
