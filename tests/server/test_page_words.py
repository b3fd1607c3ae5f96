"""The page in a real browser: words, where the encoder takes them."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lookalike import Collection
from tests.server.browser import (
    DESKTOP,
    PHONE,
    Open,
    expect_answer,
    expect_pictures,
    hits,
    violations_by_day_and_night,
)
from tests.server.conftest import Live

pytestmark = pytest.mark.browser

FIELD = "Words that describe it"


def of_colour(photos: Collection, name: str) -> list[int]:
    return [item.id for item in photos.browse() if Path(item.file.path).name.startswith(name)]


def expect_first(page: Page, ids: list[int]) -> None:
    """These pictures come before all others, in the answer to the question of now."""
    first = page.locator('#grid li[data-at="0"]')
    expect(first).to_have_attribute("data-id", re.compile(f"^({'|'.join(map(str, ids))})$"))
    expect_answer(page)
    assert set(hits(page)[: len(ids)]) == set(ids)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_words_alone_and_with_pictures(open_page: Open, worded: Collection, phone: bool) -> None:
    red, blue = of_colour(worded, "red"), of_colour(worded, "blue")
    with Live(worded) as server:
        page = open_page(server=server, viewport=PHONE if phone else DESKTOP, still=True)
        expect_pictures(page)
        field = page.get_by_label(FIELD)
        field.fill("a red photo")
        field.press("Enter")
        expect(page).to_have_url(f"{server}/?text=a+red+photo")
        expect_first(page, red)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        # How similar that is goes by scores of pictures, and would be wrong for words.
        expect(page.locator("#grid .similar").first).to_have_text("")
        assert violations_by_day_and_night(page) == []

        # A picture beside other words, which stay when it is asked by.
        field.fill("blue")
        field.press("Enter")
        expect(page).to_have_url(f"{server}/?text=blue")
        expect_first(page, blue)
        page.goto(f"{server}/?text=a+photo&unlike={blue[0]}")
        expect_answer(page)
        expect(page.locator("#tray-unlike li")).to_have_count(1)
        expect(page.locator("#tray-like-head")).to_be_hidden()
        page.goto(f"{server}/?text=blue&like={red[0]}&unlike={blue[0]}")
        expect_answer(page)
        expect(field).to_have_value("blue")
        expect(page.locator("#tray-unlike li")).to_have_count(1)

        page.go_back()
        expect(field).to_have_value("a photo")
        page.go_back()
        expect(page).to_have_url(f"{server}/?text=blue")
        expect_first(page, blue)
        page.go_back()
        expect(field).to_have_value("a red photo")
        expect_first(page, red)
        page.go_forward()
        expect(field).to_have_value("blue")
        expect_first(page, blue)
        page.reload()
        expect(field).to_have_value("blue")
        expect_first(page, blue)
        page.context.close()


def test_no_field_where_no_words_are_understood(open_page: Open) -> None:
    page = open_page()
    expect_pictures(page)
    page.wait_for_load_state("networkidle")
    expect(page.locator("#words")).to_be_hidden()
