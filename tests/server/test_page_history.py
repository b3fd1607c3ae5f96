"""The page in a real browser: addresses, back, forward and reload.

Every test of the page fails on a console error, an exception, a failed request, a bad status that
it does not expect, or a request to anything but the server (see `tests.server.browser.Watch`).
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.server.browser import PHONE, Open, expect_answer, expect_pictures, hits, shows

pytestmark = pytest.mark.browser


def test_a_link_from_elsewhere_fetches_nothing(open_page: Open) -> None:
    page = open_page("/?url=https%3A%2F%2Fpictures.example%2Fcat.jpg")
    expect(page.get_by_role("alert")).to_contain_text("Press Search")
    expect(page.get_by_label("Address of a picture")).to_have_value(
        "https://pictures.example/cat.jpg"
    )
    expect(page.locator("#hero")).to_be_visible()


def test_back_forward_and_reload(open_page: Open, query: Path, address: str) -> None:
    page = open_page()
    page.set_input_files("#file", query)
    expect_answer(page)
    uploaded = page.url
    one = hits(page)[3]
    page.locator(f'.card[data-id="{one}"]').hover()
    page.locator(f'.card[data-id="{one}"] .round.search').click()
    expect(page).to_have_url(f"{address}/?like={one}")
    expect_answer(page)
    # A picture of the collection is not its own neighbour on the page.
    assert one not in hits(page)
    assert shows(page, "#query-picture")

    page.go_back()
    expect(page).to_have_url(uploaded)
    expect(page.locator("#query-name")).to_have_text("my query.jpg")
    expect_answer(page)
    page.go_back()
    expect_pictures(page)
    page.go_forward()
    expect(page.locator("#query-name")).to_have_text("my query.jpg")
    page.go_forward()
    expect(page).to_have_url(f"{address}/?like={one}")
    page.reload()
    expect_answer(page)
    page.get_by_role("link", name="Lookalike").click()
    expect_pictures(page)
    expect(page).to_have_url(f"{address}/")


def test_a_picture_that_was_sent_is_there_after_a_reload(open_page: Open, query: Path) -> None:
    page = open_page()
    page.set_input_files("#file", query)
    expect_answer(page)
    before = hits(page)
    page.reload()
    expect_answer(page)
    expect(page.locator("#query-name")).to_have_text("my query.jpg")
    assert shows(page, "#query-picture")
    assert hits(page) == before


def test_back_returns_to_the_same_place(open_page: Open) -> None:
    page = open_page("/?like=3", viewport=PHONE)
    expect_answer(page)
    # Whatever stands above the grid: the card goes to the middle of the window.
    page.locator('.card[data-at="9"]').scroll_into_view_if_needed()
    page.evaluate("window.scrollBy(0, 300)")
    page.locator('.card[data-at="9"] .card-link').click()
    expect(page).to_have_url(re.compile("/picture/"))
    expect(page.locator("#picture-name")).not_to_have_text("")
    before = page.evaluate("history.length")
    page.go_back()
    expect(page).to_have_url(re.compile(r"\?like=3$"))
    expect_answer(page)
    page.wait_for_function("() => scrollY > 300")
    assert page.evaluate("history.length") == before


@pytest.mark.parametrize(
    ("path", "says", "expected"),
    [
        ("/?like=424242", "no picture 424242", (404,)),
        ("/?like=u:0123456789abcdef0123456789abcdef", "not kept", (404,)),
        ("/picture/424242", "no picture 424242", (404,)),
    ],
)
def test_an_address_of_no_picture(
    open_page: Open, path: str, says: str, expected: tuple[int, ...]
) -> None:
    page = open_page(path, expected=expected)
    expect(page.get_by_role("alert")).to_contain_text(says)


def test_what_is_not_understood_in_an_address_is_left_out(open_page: Open) -> None:
    page = open_page("/?like=../etc&min=7&after=x")
    expect_pictures(page)
