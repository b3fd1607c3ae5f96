"""The page in a real browser: it fits, its script runs, the map answers."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from lookalike.evaluation import Evaluation
from lookalike.evaluation.report.page import html_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("report") / "report.html"
    place.write_text(html_page(evaluation), encoding="utf-8")
    return place.as_uri()


@pytest.fixture(params=[(360, "light"), (1280, "dark")], ids=["phone", "desktop"])
def page(chromium: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(address)
    yield page
    context.close()
    assert trouble == []


def test_nothing_is_wider_than_the_window(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_tabs_show_one_list_at_a_time(page: Page) -> None:
    lists = page.locator(".tabs > div")
    for number, title in enumerate(("Sampled", "Worst", "Gained most", "Lost most")):
        page.get_by_text(title, exact=True).click()
        for other in range(4):
            expect(lists.nth(other)).to_be_visible(visible=other == number)


def test_pictures_show(page: Page) -> None:
    image = page.locator(".rows .p").first.evaluate(
        "node => getComputedStyle(node).backgroundImage"
    )
    assert image.startswith('url("data:image/jpeg')


def test_pointing_at_the_map_shows_the_picture_on_every_map(page: Page) -> None:
    tip = page.locator("#tip")
    expect(tip).to_be_hidden()
    mark = page.locator(".map use").first
    mark.evaluate("node => node.scrollIntoView({block: 'center'})")
    # Scrolling hides the tip, and its event comes with the next frame.
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    mark.hover(force=True)
    expect(tip).to_be_visible()
    expect(tip).to_contain_text(".jpg")
    assert page.locator(".map .ring[visibility=visible]").count() == 2
    page.mouse.move(2, 2)
    expect(tip).to_be_hidden()


def test_the_legend_picks_classes(page: Page) -> None:
    button = page.locator(".legend button").nth(1)
    other = page.locator('.map g[data-label="0"]').first
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(other).to_have_css("opacity", "0.07")
    button.click()
    expect(other).to_have_css("opacity", "0.82")
