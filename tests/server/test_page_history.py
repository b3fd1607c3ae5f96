"""The page in a real browser: addresses, back, forward and reload.

Every test of the page fails on a console error, an exception, a failed request, a bad status that
it does not expect, or a request to anything but the server (see `tests.server.browser.Watch`).
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from lookalike import Collection
from tests.server.browser import Open, expect_answer, shows

pytestmark = pytest.mark.browser


def test_a_link_from_elsewhere_fetches_nothing(open_page: Open) -> None:
    page = open_page("/?url=https%3A%2F%2Fpictures.example%2Fcat.jpg")
    expect(page.get_by_role("alert")).to_contain_text("Press Search")
    expect(page.get_by_label("Address of a picture")).to_have_value(
        "https://pictures.example/cat.jpg"
    )
    expect(page.locator("#hero")).to_be_visible()


def test_click_back_forward_and_reload(open_page: Open, query: Path, address: str) -> None:
    page = open_page()
    page.set_input_files("#file", query)
    expect_answer(page)
    first = page.locator(".card-link").nth(3)
    one = first.get_attribute("href")
    first.click()
    expect(page).to_have_url(f"{address}{one}")
    expect_answer(page)
    # A picture of the collection is not its own neighbour on the page.
    assert one not in [link.get_attribute("href") for link in page.locator(".card-link").all()]
    assert shows(page, "#query-picture img")
    two = page.locator(".card-link").nth(5).get_attribute("href")
    page.locator(".card-link").nth(5).click()
    expect(page).to_have_url(f"{address}{two}")

    page.go_back()
    expect(page).to_have_url(f"{address}{one}")
    expect_answer(page)
    page.go_back()
    expect(page.locator("#query-name")).to_have_text("my query.jpg")
    expect_answer(page)
    page.go_back()
    expect(page.locator("#hero")).to_be_visible()
    page.go_forward()
    expect(page.locator("#query-name")).to_have_text("my query.jpg")
    page.go_forward()
    expect(page).to_have_url(f"{address}{one}")
    page.reload()
    expect_answer(page)
    expect(page).to_have_url(f"{address}{one}")
    page.get_by_role("link", name="Lookalike").click()
    expect(page.locator("#hero")).to_be_visible()
    expect(page).to_have_url(f"{address}/")


def test_back_returns_to_the_same_place(open_page: Open) -> None:
    page = open_page("/?id=3")
    expect_answer(page)
    page.locator(".card-link").nth(50).scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 300
    page.locator(".card-link").nth(50).click()
    expect(page).not_to_have_url(re.compile(r"\?id=3$"))
    expect_answer(page)
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page).to_have_url(re.compile(r"\?id=3$"))
    expect_answer(page)
    assert page.evaluate("scrollY") == pytest.approx(before, abs=2)


def test_a_reload_of_an_uploaded_picture_says_so(open_page: Open, query: Path) -> None:
    page = open_page()
    page.set_input_files("#file", query)
    expect_answer(page)
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("choose it again")
    expect(page.locator(".card-link")).to_have_count(30)


def test_a_shared_address(open_page: Open, collection: Collection) -> None:
    stored = collection.browse(0, 1)[0]
    page = open_page(f"/?id={stored.id}")
    expect_answer(page)
    expect(page.locator("#query-path")).to_have_text(stored.file.path)
    expect(page.locator("#results-note")).to_contain_text("60 of 90, nearest first.")
    expect(page.get_by_role("link", name="Open original", exact=True)).to_have_attribute(
        "href", f"/api/images/{stored.id}"
    )


@pytest.mark.parametrize(
    ("path", "says", "expected"),
    [
        ("/?id=424242", "There is no picture", (404,)),
        ("/?id=../etc", "is no picture's id", ()),
        ("/?id=999999999999999", "There is no picture", (404,)),
    ],
)
def test_an_address_of_no_picture(
    open_page: Open, path: str, says: str, expected: tuple[int, ...]
) -> None:
    page = open_page(path, expected=expected)
    expect(page.get_by_role("alert")).to_contain_text(says)
    expect(page.locator(".card-link")).to_have_count(30)
