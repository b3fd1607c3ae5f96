"""The page in a real browser: one picture, large.

Every test of the page fails on a console error, an exception, a failed request, a bad status that
it does not expect, or a request to anything but the server (see `tests.server.browser.Watch`).
"""

import re

import pytest
from playwright.sync_api import ViewportSize, expect

from lookalike import Collection
from tests.server.browser import (
    DESKTOP,
    PHONE,
    Open,
    expect_answer,
    hits,
    shows,
    violations_by_day_and_night,
)

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_result_seen_large(
    open_page: Open, collection: Collection, viewport: ViewportSize
) -> None:
    page = open_page("/?like=3", viewport=viewport)
    expect_answer(page)
    one, two = hits(page)[:2]
    page.locator(f'.card[data-id="{one}"] .card-link').click()
    expect(page).to_have_url(re.compile(rf"/picture/{one}\?like=3&at=0$"))
    stored = collection.image_file(one).file
    expect(page.locator("#picture-path")).to_have_text(stored.path)
    expect(page.locator("#picture-facts")).to_contain_text(
        f"{stored.width} \N{MULTIPLICATION SIGN} {stored.height}"
    )
    expect(page.locator("#picture-score")).to_have_text(re.compile(r"\w+ .*\d"))
    expect(page.locator("#picture-place")).to_have_text("1 of 89")
    expect(page.get_by_role("button", name="Previous picture")).to_be_disabled()
    assert shows(page, "#stage-image img")

    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(rf"/picture/{two}\?like=3&at=1$"))
    expect(page.locator("#picture-place")).to_have_text("2 of 89")
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(rf"/picture/{one}\?"))
    page.keyboard.press("c")
    expect(page.locator("#stage-query")).to_be_visible()
    assert shows(page, "#stage-query img")
    page.keyboard.press("Escape")
    expect_answer(page)
    expect(page).to_have_url(re.compile(r"/\?like=3$"))


def test_a_link_to_a_picture(open_page: Open, collection: Collection) -> None:
    page = open_page("/picture/12")
    stored = collection.image_file(12).file
    expect(page.locator("#picture-path")).to_have_text(stored.path)
    expect(page.get_by_role("button", name="Side by side")).to_be_hidden()
    page.get_by_role("link", name="Search from this picture").click()
    expect(page).to_have_url(re.compile(r"/\?like=12$"))
    expect_answer(page)


def test_copy_the_path(open_page: Open, collection: Collection) -> None:
    page = open_page("/picture/12")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy path").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == collection.image_file(12).file.path


def test_the_original_opens_in_a_tab(open_page: Open) -> None:
    page = open_page("/picture/3")
    link = page.get_by_role("link", name="Open original")
    expect(link).to_have_attribute("href", "/api/images/3")
    with page.context.expect_page() as opened:
        link.click()
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("document.contentType").startswith("image/")
    opened.value.close()


def test_a_finger_sweeps_to_the_next(open_page: Open) -> None:
    page = open_page("/picture/12?at=11", viewport=PHONE, touch=True)
    expect(page.get_by_role("button", name="Next picture")).to_be_enabled()
    finger = page.context.new_cdp_session(page)
    for kind, x in [("touchStart", 300), ("touchMove", 200), ("touchMove", 120)]:
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": 300}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page).to_have_url(re.compile(r"at=12"))


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_why_it_matched(open_page: Open, viewport: ViewportSize) -> None:
    page = open_page("/?like=3@0.1,0.1,0.6,0.8", viewport=viewport)
    expect_answer(page)
    one = hits(page)[0]
    page.locator(f'.card[data-id="{one}"] .card-link').click()
    button = page.get_by_role("button", name="Why it matched")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#heat-scale")).to_be_visible()
    expect(page.locator("#heat-text")).to_contain_text(re.compile("score"))
    expect(
        page.get_by_role("img", name=re.compile("over the picture that was found"))
    ).to_be_visible()
    expect(
        page.get_by_role("img", name=re.compile("over the picture that was asked"))
    ).to_be_visible()
    assert violations_by_day_and_night(page) == []
    # Only the part that was asked by is covered.
    corner, middle = page.locator("#stage-query canvas").evaluate(
        """(canvas) => {
            const {width, height} = canvas;
            const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
            return [[0.02, 0.02], [0.4, 0.5]].map(([x, y]) =>
                data[(Math.floor(y * height) * width + Math.floor(x * width)) * 4 + 3]);
        }"""
    )
    assert corner == 0
    assert middle > 0

    page.keyboard.press("ArrowRight")  # it stays on over the next picture
    expect(page.locator("#picture-place")).to_have_text("2 of 89")
    expect(page.locator("#heat-scale")).to_be_visible()
    page.keyboard.press("w")
    expect(page.locator("#stage-image canvas")).to_be_hidden()
    expect(page.locator("#heat-note")).to_be_hidden()


def test_nothing_to_explain_without_a_question(open_page: Open) -> None:
    page = open_page("/picture/12")
    expect(page.locator("#picture-facts")).to_contain_text("pixels")
    expect(page.get_by_role("button", name="Why it matched")).to_be_hidden()
    page.goto(page.url + "?like=12")  # the picture itself
    expect(page.locator("#picture-facts")).to_contain_text("pixels")
    expect(page.get_by_role("button", name="Why it matched")).to_be_hidden()
