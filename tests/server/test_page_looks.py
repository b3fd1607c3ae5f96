"""The page in a real browser: keyboard, accessibility, layout and waiting.

Every test of the page fails on a console error, an exception, a failed request, a bad status that
it does not expect, or a request to anything but the server (see `tests.server.browser.Watch`).
"""

import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import ViewportSize, expect

import lookalike
from lookalike import Collection
from tests.server.browser import (
    AXE,
    DESKTOP,
    PHONE,
    Open,
    expect_answer,
    expect_pictures,
    shows,
    violations,
)
from tests.server.conftest import Live
from tests.support.pictures import draw

pytestmark = pytest.mark.browser

VIEWS = [
    "/",
    "/?like=3@0.2,0.2,0.5,0.5&like=4&unlike=9&min=0.1",
    "/picture/2?like=3",
    "/map",
    "/duplicates",
    "/collection",
    "/docs",
]


def test_by_keyboard_alone(open_page: Open) -> None:
    page = open_page()
    expect_pictures(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.locator(".card-link").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator('.card[data-at="2"] .card-link')).to_be_focused()
    outline = page.locator(".card-link:focus").evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("ArrowDown")
    below = page.locator(".card-link:focus").locator("..")
    assert int(below.get_attribute("data-at") or 0) > 4
    page.keyboard.press("ArrowUp")
    expect(page.locator('.card[data-at="2"] .card-link')).to_be_focused()
    # The last picture does not exist as an element until the focus goes there.
    page.keyboard.press("End")
    expect(page.locator('.card[data-at="89"] .card-link')).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect_answer(page)


@pytest.mark.parametrize("path", VIEWS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(open_page: Open, path: str, dark: bool) -> None:
    if not AXE.is_file():
        pytest.skip("no axe-core here: npm ci brings it")
    for viewport in (DESKTOP, PHONE):
        page = open_page(path, dark=dark, still=True, viewport=viewport)
        page.wait_for_load_state("networkidle")
        assert violations(page) == []
        page.context.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_before_the_first_folder(
    open_page: Open, tiny_model: Path, tmp_path: Path, dark: bool
) -> None:
    if not AXE.is_file():
        pytest.skip("no axe-core here: npm ci brings it")
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.create()
        with Live(photos) as server:
            page = open_page(server=server, dark=dark, still=True, viewport=PHONE)
            expect(page.locator("#first")).to_be_visible()
            assert violations(page) == []
            page.get_by_role("button", name="Choose a folder").click()
            expect(page.locator("#folder-here")).not_to_have_text("")
            assert violations(page) == []
            page.context.close()


@pytest.mark.parametrize("width", [320, 360, 600, 768, 861, 1920])
def test_nothing_is_wider_than_the_window(open_page: Open, address: str, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 740})
    for path in ("/", "/?like=2", "/picture/2?like=3", "/collection", "/docs"):
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_shifts_while_pictures_load(open_page: Open, viewport: ViewportSize) -> None:
    page = open_page("/?like=3", viewport=viewport)
    page.add_init_script(
        """window.shift = 0;
        new PerformanceObserver((list) => {
            const own = list.getEntries().filter((entry) => !entry.hadRecentInput);
            for (const entry of own) window.shift += entry.value;
        }).observe({type: "layout-shift", buffered: true});"""
    )
    page.reload()
    expect_answer(page)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.shift") < 0.02


def test_thumbnails_fit_the_screen_and_are_fetched_once(
    open_page: Open, tiny_model: Path, tmp_path: Path
) -> None:
    for seed, size in enumerate([(1600, 1200), (1600, 640), (60, 40)]):
        draw(seed, *size).save(tmp_path / f"{seed}.jpg")
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(tmp_path)
        with Live(photos) as server:
            for density, sides in ((1, ["320", "640", "320"]), (2, ["640", "1280", "320"])):
                page = open_page(server=server, density=density)
                expect_pictures(page)
                shown = [shows(page, f'.card[data-at="{at}"] img') for at in range(3)]
                assert shown == [True, True, True]
                addresses = page.evaluate(
                    "[...document.querySelectorAll('.card img')].map((image) => image.currentSrc)"
                )
                assert [parse_qs(urlsplit(each).query)["side"][0] for each in addresses] == sides
                page.goto(server)
                expect_pictures(page)
                assert shows(page, '.card[data-at="0"] img')
                fetched = page.evaluate(
                    """() => performance.getEntriesByType("resource")
                        .filter((each) => each.name.includes("thumbnail") && each.transferSize)
                        .map((each) => each.name)"""
                )
                assert fetched == []
            page.context.close()


def test_reduced_motion_is_respected(open_page: Open) -> None:
    page = open_page(still=True)
    expect_pictures(page)
    moving = "e => getComputedStyle(e).transitionDuration !== '0s'"
    assert not page.locator(".card img").first.evaluate(moving)


def test_a_slow_answer_shows_that_it_is_coming(
    open_page: Open, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    search = collection.search

    def slow(*args: Any, **named: Any) -> object:
        assert go_on.wait(20)
        return search(*args, **named)

    page = open_page()
    expect_pictures(page)
    monkeypatch.setattr(collection, "search", slow)
    try:
        page.locator(".card").first.hover()
        page.locator(".card .round.search").first.click()
        expect(page.locator("#progress")).to_be_visible()
        expect(page.locator("#results")).to_have_attribute("aria-busy", "true")
        assert shows(page, "#query-picture")
    finally:
        go_on.set()
    expect_answer(page)
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")


def test_names_cannot_become_markup(open_page: Open, query: Path, tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>.jpg"
    page = open_page()
    page.set_input_files(
        "#file", {"name": name, "mimeType": "image/jpeg", "buffer": query.read_bytes()}
    )
    expect_answer(page)
    expect(page.locator("#query-name")).to_have_text(name)
