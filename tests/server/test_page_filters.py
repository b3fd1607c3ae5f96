"""The page in a real browser: filters."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from lookalike import Collection
from tests.server.albums import ids_of
from tests.server.browser import (
    DESKTOP,
    PHONE,
    Open,
    expect_answer,
    hits,
    violations_by_day_and_night,
)

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])


def expect_counted(page: Page, text: str) -> None:
    expect(page.locator("#results-note")).to_have_text(text)


def choice(page: Page, name: str) -> Locator:
    return page.locator("#filters").get_by_label(name, exact=True)


@SIZES
def test_filters_narrow_the_collection(
    open_page: Open, albums_address: str, albums: Collection, viewport: ViewportSize
) -> None:
    page = open_page(server=albums_address, viewport=viewport)
    expect_counted(page, "19")
    toggle = page.get_by_role("button", name="Filters")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    toggle.click()
    choice(page, "Folder").select_option(label="albums/city (6)")
    expect_counted(page, "6")
    expect(page).to_have_url(re.compile(r"\?folder=.*%2Fcity$|\?folder=.*/city$"))
    assert set(hits(page)) <= set(ids_of(albums, "city"))
    # What else there is to choose shows what it would leave.
    expect(choice(page, "Camera").locator("option")).to_have_text(["any", "NIKON D850 (6)"])
    expect(page.locator("#active-filters .chip")).to_have_text(["city"])

    choice(page, "Folder").select_option(label="any")
    expect_counted(page, "19")
    page.locator("label.chip", has_text="PNG").click()
    expect_counted(page, "1")
    page.locator("label.chip", has_text="PNG").click()
    choice(page, "Camera").select_option(label="Canon EOS R5 (12)")
    expect_counted(page, "12")
    page.get_by_role("button", name="December 2021: 6 pictures").click()
    expect_counted(page, "6")
    expect(page).to_have_url(re.compile("after=2021-12-01&before=2022-01-01"))
    expect(choice(page, "From")).to_have_value("2021-12-01")
    expect(page.locator("#filters-count")).to_have_text("3")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert violations_by_day_and_night(page) == []

    page.go_back()
    expect_counted(page, "12")
    page.go_forward()
    page.reload()
    expect_counted(page, "6")
    page.get_by_role("button", name="Clear all").click()
    expect_counted(page, "19")
    expect(page).to_have_url(re.compile("/$"))


def test_filters_apply_to_a_search(
    open_page: Open, albums_address: str, albums: Collection
) -> None:
    one, *others = ids_of(albums, "snow")
    page = open_page(f"/?like={one}", server=albums_address)
    expect_answer(page)
    page.get_by_role("button", name="Filters").click()
    choice(page, "From").fill("2021-12-30")
    choice(page, "Before").fill("2022-01-01")
    expect_counted(page, "5 of 6")
    assert sorted(hits(page)) == sorted(others)
    page.get_by_role("button", name="Remove the filter from 2021-12-30").click()
    expect(choice(page, "From")).to_have_value("")


def test_a_filter_by_label_width_and_size(
    open_page: Open, albums_address: str, albums: Collection
) -> None:
    one, two, three = ids_of(albums, "beach")[:3]
    albums.set_labels({one: ["sea"], two: ["sea", "dog"], three: ["dog"]})
    page = open_page("/?label=SEA", server=albums_address)
    expect_counted(page, "2")
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_role("checkbox", name="sea 2")).to_be_checked()
    page.get_by_role("checkbox", name="dog 2").check()
    expect_counted(page, "3")
    choice(page, "Width").select_option(label="at least 640 px")
    expect(page.locator("#empty")).to_contain_text("No picture matches these filters")
    page.get_by_role("link", name="Clear the filters").click()
    expect_counted(page, "19")
    choice(page, "Width").select_option(label="at least 640 px")
    expect_counted(page, "1")
    choice(page, "File size").select_option(label="under 100 KiB")
    expect(page.locator("#filters-count")).to_have_text("2")


def test_the_panel_is_left_by_keyboard(
    open_page: Open, albums_address: str, tmp_path: Path
) -> None:
    page = open_page("/?min_bytes=1234", server=albums_address)
    expect_counted(page, "19")
    toggle = page.get_by_role("button", name="Filters")
    toggle.focus()
    page.keyboard.press("Enter")
    expect(choice(page, "File size")).to_have_value("other")
    choice(page, "Folder").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator("#filters")).to_be_hidden()
    expect(toggle).to_be_focused()
