"""The page in a real browser: the query, its crop box, and pictures for and against.

Every test of the page fails on a console error, an exception, a failed request, a bad status that
it does not expect, or a request to anything but the server (see `tests.server.browser.Watch`).
"""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from lookalike import Collection, Query
from lookalike.types import Example
from tests.server.browser import PHONE, Open, drop, expect_answer, hits, transfer

pytestmark = pytest.mark.browser


def crop_of(page: Page) -> list[float]:
    """The crop in the page's address."""
    [like] = parse_qs(urlsplit(page.url).query)["like"][:1]
    return [float(share) for share in like.partition("@")[2].split(",")]


def test_draw_a_box_with_the_mouse(open_page: Open, collection: Collection) -> None:
    page = open_page("/?like=3")
    expect_answer(page)
    box = page.locator("#query-stage").bounding_box()
    assert box is not None
    mouse = page.mouse
    mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.2)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.4)
    mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.7, steps=3)
    # The answer follows while the box is drawn; the address waits until it is.
    expect(page.locator(".crop-box")).to_be_visible()
    expect(page).to_have_url(re.compile(r"like=3$"))
    mouse.up()
    expect(page).to_have_url(re.compile("@"))
    expect_answer(page)
    assert crop_of(page) == pytest.approx([0.1, 0.2, 0.5, 0.5], abs=0.02)
    x, y, w, h = crop_of(page)
    shown = hits(page)
    asked = Query(positives=(Example(3, 1.0, (x, y, w, h)),), exclude=True)
    assert shown == [hit.id for hit in collection.search(asked, len(shown))]

    # Move it, pull at a corner, then take it away.
    handle = page.locator(".crop-handle.se").bounding_box()
    assert handle is not None
    mouse.move(handle["x"] + 14, handle["y"] + 14)
    mouse.down()
    mouse.move(handle["x"] + 14 + box["width"] * 0.2, handle["y"] + 14, steps=3)
    mouse.up()
    expect(page).to_have_url(re.compile(r"0\.(69|70?|71)\d*,0\.(49|50?|51)"))
    page.get_by_role("button", name="Whole picture").click()
    expect(page).to_have_url(re.compile(r"like=3$"))
    page.go_back()
    expect(page.locator(".crop-box")).to_be_visible()


def test_draw_a_box_with_a_finger(open_page: Open) -> None:
    page = open_page("/?like=3", viewport=PHONE, touch=True)
    expect_answer(page)
    page.get_by_role("button", name="Search a part").tap()
    expect(page).to_have_url(re.compile("@0.2,0.2,0.6,0.6"))
    box = page.locator("#query-stage").bounding_box()
    assert box is not None
    finger = page.context.new_cdp_session(page)
    points = [(0.5, 0.5), (0.45, 0.45), (0.4, 0.4)]
    for kind, (x, y) in zip(["touchStart", "touchMove", "touchMove"], points, strict=True):
        at = {"x": box["x"] + box["width"] * x, "y": box["y"] + box["height"] * y}
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page).to_have_url(re.compile(r"@0\.(09|1)\d*,0\.(09|1)\d*,0\.6,0\.6"))
    expect_answer(page)


def test_the_box_by_keyboard(open_page: Open) -> None:
    page = open_page("/?like=3")
    expect_answer(page)
    page.get_by_role("button", name="Search a part").press("Enter")
    expect(page.locator(".crop-box")).to_be_focused()
    expect(page).to_have_url(re.compile("@0.2,0.2,0.6,0.6"))
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("@0.18,0.2,0.6,0.6"))
    page.keyboard.press("Shift+ArrowDown")
    expect(page).to_have_url(re.compile("@0.18,0.2,0.6,0.62"))
    expect(page.locator("#said")).to_have_text(re.compile("."))
    expect(page.locator(".crop-box")).to_have_attribute(
        "aria-label", re.compile("60% wide and 62% high")
    )
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("like=3$"))
    expect(page.locator(".crop-box")).to_be_hidden()


def test_more_and_less_like_a_result(open_page: Open, collection: Collection) -> None:
    page = open_page("/?like=3")
    expect_answer(page)
    second, fourth = hits(page)[1], hits(page)[3]
    page.locator(f'.card[data-id="{second}"]').hover()
    page.locator(f'.card[data-id="{second}"] .plus').click()
    expect(page.locator("#tray-like li")).to_have_count(2)
    expect_answer(page)
    page.locator(f'.card[data-id="{fourth}"]').hover()
    page.locator(f'.card[data-id="{fourth}"] .minus').click()
    expect(page.locator("#tray-unlike li")).to_have_count(1)
    expect(page).to_have_url(re.compile(rf"like=3&like={second}&unlike={fourth}$"))
    weight = page.locator("#tray-like input").nth(1)
    weight.fill("0.5")
    expect(page).to_have_url(re.compile(rf"like={second}\*0.5"))
    expect_answer(page)
    asked = Query(
        positives=(Example(3, 1.0), Example(second, 0.5)),
        negatives=(Example(fourth, 1.0),),
        exclude=True,
    )
    expected = [hit.id for hit in collection.search(asked, 12)]
    page.wait_for_function(
        "(id) => document.querySelector('.card[data-at=\"0\"]')?.dataset.id === String(id)",
        arg=expected[0],
    )
    assert hits(page)[:12] == expected
    page.reload()
    expect(page.locator("#tray-like li")).to_have_count(2)
    page.locator("#tray-unlike button").click()
    expect(page.locator("#tray-unlike li")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("unlike"))


def test_drop_a_picture_for_and_against(open_page: Open, address: str) -> None:
    page = open_page("/?like=3")
    expect_answer(page)
    drop(page, transfer(page, None, {"text/uri-list": f"{address}/picture/7"}), "unlike")
    expect(page).to_have_url(re.compile("like=3&unlike=7$"))
    drop(page, transfer(page, None, {"text/uri-list": f"{address}/picture/8"}), "like")
    expect(page).to_have_url(re.compile("like=3&like=8&unlike=7$"))
    expect_answer(page)
