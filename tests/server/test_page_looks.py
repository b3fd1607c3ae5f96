"""The page in a real browser: keyboard, contrast, layout and waiting.

Every test of the page fails on a console error, an exception, a failed request, a bad status that
it does not expect, or a request to anything but the server (see `tests.server.browser.Watch`).
"""

import threading
from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize, expect

from lookalike import Collection
from tests.server.browser import DESKTOP, PHONE, Open, expect_answer, shows

pytestmark = pytest.mark.browser


def test_by_keyboard_alone(open_page: Open) -> None:
    page = open_page()
    expect(page.locator(".card-link")).to_have_count(30)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the pictures")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#results")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(".card-link").nth(0)).to_be_focused()
    outline = page.locator(".card-link").nth(0).evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".card-link").nth(2)).to_be_focused()
    page.keyboard.press("ArrowDown")
    below = page.locator(".card-link:focus")
    assert below.bounding_box()["y"] > page.locator(".card-link").nth(2).bounding_box()["y"]  # type: ignore[index]
    page.keyboard.press("ArrowUp")
    expect(page.locator(".card-link").nth(2)).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator(".card-link").last).to_be_focused()
    page.keyboard.press("Enter")
    expect_answer(page)
    expect(page.locator("#results-title")).to_be_focused()


@pytest.mark.parametrize("path", ["/", "/?id=3", "/docs"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_can_be_read_and_controls_have_names(open_page: Open, path: str, dark: bool) -> None:
    page = open_page(path, dark=dark, still=True)
    page.wait_for_load_state("networkidle")
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []
    assert page.locator("h1:visible, h2:visible").count() > 0
    assert page.locator("main").count() == 1


@pytest.mark.parametrize("width", [320, 360, 600, 768, 861, 1920])
def test_nothing_is_wider_than_the_window(open_page: Open, address: str, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 740})
    for path in ("/", "/?id=2", "/docs"):
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_shifts_while_pictures_load(open_page: Open, viewport: ViewportSize) -> None:
    page = open_page("/?id=3", viewport=viewport)
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


def test_reduced_motion_is_respected(open_page: Open) -> None:
    page = open_page(still=True)
    expect(page.locator(".card-link")).to_have_count(30)
    moving = "e => getComputedStyle(e).transitionDuration !== '0s'"
    assert not page.locator(".card img").first.evaluate(moving)


def test_a_slow_answer_shows_that_it_is_coming(
    open_page: Open, query: Path, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    search = collection.search

    def slow(data: bytes, k: int) -> object:
        assert go_on.wait(20)
        return search(data, k)

    page = open_page()
    expect(page.locator(".card-link")).to_have_count(30)
    monkeypatch.setattr(collection, "search", slow)
    try:
        page.set_input_files("#file", query)
        expect(page.locator("#results-title")).to_have_text("Searching…")
        expect(page.locator(".grid.waiting")).to_be_visible()
        expect(page.locator("#progress")).to_be_visible()
        expect(page.locator("#results")).to_have_attribute("aria-busy", "true")
        assert shows(page, "#query-picture img")
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


# Text whose colour is too close to what it stands on, for WCAG AA; pictures behind are not seen.
CONTRAST = """() => {
    const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
    const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const ground = (e) => {
        for (; e; e = e.parentElement) {
            const [r, g, b, a = 1] = parse(getComputedStyle(e).backgroundColor);
            if (a > 0.8) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const bad = [];
    for (const e of document.querySelectorAll("body *")) {
        const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
        if (!own || !e.checkVisibility() || e.closest("svg")) continue;
        const style = getComputedStyle(e);
        const [x, y] = [light(parse(style.color)), light(ground(e))].sort((a, b) => b - a);
        const ratio = (x + 0.05) / (y + 0.05);
        const large = parseFloat(style.fontSize) >= 24;
        if (ratio < (large ? 3 : 4.5)) bad.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
    }
    return bad;
}"""

NAMELESS = """() => [...document.querySelectorAll("a, button, input:not([hidden])")]
    .filter((e) => e.checkVisibility())
    .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length))
    .map((e) => e.outerHTML)"""
