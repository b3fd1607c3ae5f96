"""The page in a real browser: pictures chosen and labelled together, and files to download."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from lookalike import Collection
from tests.server.browser import (
    DESKTOP,
    PHONE,
    Open,
    expect_answer,
    expect_pictures,
    violations_by_day_and_night,
)

pytestmark = pytest.mark.browser


def downloaded(page: Page, menu: str, name: str) -> str:
    """The text of a file that a menu gives."""
    page.locator(f"{menu} summary").click()
    with page.expect_download() as waiting:
        page.locator(menu).get_by_role("button", name=name).click()
    return Path(waiting.value.path()).read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pictures_are_chosen_and_labelled_together(
    open_page: Open, albums: Collection, albums_address: str, viewport: ViewportSize
) -> None:
    page = open_page("/?like=1", server=albums_address, viewport=viewport)
    expect_answer(page)
    page.get_by_role("button", name="Select", exact=True).click()
    cards = page.locator(".card[data-id]")
    ids = [int(cards.nth(place).get_attribute("data-id") or 0) for place in (0, 2)]
    cards.nth(0).locator(".card-link").click()
    cards.nth(1).locator(".card-link").click()
    cards.nth(2).locator(".card-link").click()
    cards.nth(1).locator(".card-link").click()
    expect(page.locator("#selection-count")).to_have_text("2 pictures chosen")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert violations_by_day_and_night(page) == []
    page.locator("#selection-label").fill("shore")
    page.locator("#selection-form").get_by_role("button", name="Add label").click()
    expect(page.locator("#selection-said")).to_have_text("2 pictures labelled shore")
    assert albums.labels(list(range(1, 20))) == {image_id: ["shore"] for image_id in ids}
    page.get_by_role("button", name="All that are loaded").click()
    page.locator("#selection-label").fill("Shore")
    page.get_by_role("button", name="Take off").click()
    expect(page.locator("#selection-said")).to_contain_text("no longer labelled Shore")
    assert albums.labels(list(range(1, 20))) == {}
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#selection")).to_be_hidden()
    cards.nth(0).locator(".card-link").click()
    expect(page.locator("#picture-name")).to_be_visible()


def test_hits_and_pictures_as_files(open_page: Open, collection: Collection) -> None:
    least = round(collection.search(3, 6)[5].score - 0.005, 2)
    page = open_page(f"/?like=3&min={least}")
    expect_answer(page)
    rows = [json.loads(line) for line in downloaded(page, "#download", "JSON Lines").splitlines()]
    assert len(rows) >= 4
    assert min(row["score"] for row in rows) >= least
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    page.goto(page.url.split("?")[0])
    expect_pictures(page)
    lines = downloaded(page, "#download", "CSV").splitlines()
    assert lines[0].startswith("id,path,")
    assert len(lines) == 1 + len(collection)


def test_groups_as_a_file(open_page: Open, albums: Collection, albums_address: str) -> None:
    first, second = (Path(item.file.path) for item in albums.browse(0, 2))
    second.write_bytes(first.read_bytes())
    albums.index()
    page = open_page("/duplicates?kind=identical", server=albums_address)
    lines = downloaded(page, "#groups-download", "CSV").splitlines()
    assert lines[0].startswith("group,kind,best,")
    assert [line.split(",")[:3] for line in lines[1:]] == [
        ["1", "identical", "True"],
        ["1", "identical", "False"],
    ]
    page.goto(f"{albums_address}/duplicates?kind=near")
    expect(page.locator("#groups-empty")).to_be_visible()
    expect(page.locator("#groups-download")).to_be_hidden()
