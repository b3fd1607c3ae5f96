"""The page in a real browser: the map and the duplicates.

Every test of the page fails on a console error, an exception, a failed request, a bad status that
it does not expect, or a request to anything but the server (see `tests.server.browser.Watch`).
"""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect

import lookalike
from tests.server.browser import DESKTOP, PHONE, Open, expect_answer
from tests.server.conftest import Live
from tests.support.pictures import draw

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])


def ready(page: Page) -> None:
    expect(page.locator("#map-note")).to_have_text("90 pictures")
    page.wait_for_function("() => performance.getEntriesByName('map-interactive').length > 0")


@SIZES
def test_the_map_leads_to_a_search(open_page: Open, viewport: ViewportSize) -> None:
    page = open_page("/map?at=12", viewport=viewport)
    ready(page)
    canvas = page.locator("#map-canvas").bounding_box()
    assert canvas is not None
    # The picture that the address names lies in the middle.
    page.mouse.click(canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2)
    expect_answer(page)
    expect(page).to_have_url(re.compile(r"\?like=\d+$"))
    page.go_back()
    ready(page)


def test_the_map_by_keyboard_and_wheel(open_page: Open) -> None:
    page = open_page("/map")
    ready(page)
    page.get_by_role("button", name="Zoom in").click()
    page.mouse.move(600, 400)
    page.mouse.wheel(0, -400)
    page.mouse.down()
    page.mouse.move(500, 350, steps=3)
    page.mouse.up()
    page.get_by_role("button", name="Show all of the map").click()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#map-canvas")).to_be_focused()
    for key in ("+", "+", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    expect(page.locator("#map-card")).to_be_visible()
    expect(page.locator("#map-card-name")).not_to_have_text("")
    page.keyboard.press("Enter")
    expect_answer(page)


@SIZES
def test_duplicates(
    open_page: Open, tiny_model: Path, tmp_path: Path, viewport: ViewportSize
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed in range(4):
        draw(seed).save(folder / f"{seed}.png")
    (folder / "copy.png").write_bytes((folder / "0.png").read_bytes())
    Image.open(folder / "1.png").save(folder / "again.jpg", quality=92)
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(folder)
        groups = photos.duplicates()
        with Live(photos) as server:
            page = open_page("/duplicates?kind=identical", server=server, viewport=viewport)
            expect(page.locator(".group")).to_have_count(1)
            expect(page.locator(".group")).to_contain_text("copy.png")
            expect(page.locator(".badge")).to_have_count(1)
            page.get_by_role("link", name="Near-identical").click()
            near = [group for group in groups if group.kind == "near"]
            expect(page.locator(".group")).to_have_count(len(near))
            if not near:
                expect(page.locator("#groups-empty")).to_contain_text("No two pictures")
            page.go_back()
            page.locator(".member .card-link").first.click()
            expect(page).to_have_url(re.compile("/picture/"))
            page.context.close()
