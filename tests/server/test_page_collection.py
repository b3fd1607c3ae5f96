"""The page in a real browser: looking after the collection.

Every test of the page fails on a console error, an exception, a failed request, a bad status that
it does not expect, or a request to anything but the server (see `tests.server.browser.Watch`).
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

import lookalike
from tests.server.browser import (
    DESKTOP,
    PHONE,
    Open,
    expect_pictures,
    violations_by_day_and_night,
)
from tests.server.conftest import Live
from tests.support.away import SENTENCE, stores_away
from tests.support.gate import gate_before_encoder
from tests.support.pictures import write_gallery

pytestmark = pytest.mark.browser


SIZES = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])


@SIZES
def test_the_first_folder(
    open_page: Open,
    tiny_model: Path,
    tmp_path: Path,
    viewport: ViewportSize,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lookalike.indexer.ledger._COMMIT_EVERY_S", 0.0)
    write_gallery(tmp_path / "pictures", 120)
    (tmp_path / "nothing").mkdir()
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        assert photos.create()
        with Live(photos) as server, gate_before_encoder() as gate:
            page = open_page(server=server, viewport=viewport)
            first = page.locator("#first")
            expect(first).to_contain_text("There are no pictures here yet")
            expect(page.locator("#hero")).to_be_hidden()
            choose(page, tmp_path / "nothing")
            expect(first).to_contain_text("There is no picture in")
            choose(page, tmp_path / "pictures")
            expect(first).to_contain_text("Indexing… pictures")
            expect(first.get_by_role("progressbar")).to_be_visible()
            expect(page.locator("#indexing")).to_be_visible()
            # What is committed is shown while the rest is still waiting.
            gate.let_in(4)
            expect_pictures(page)
            expect(page.locator("#hero")).to_be_visible()
            expect(page.locator("#indexing")).to_have_text(re.compile(r"Indexing \d+%"))
            page.locator("#indexing").click()
            expect(page.locator("#job-bar")).to_be_visible()
            page.go_back()
            gate.open()
            expect(page.locator("#results-note")).to_have_text("120")
            expect(page.locator("#indexing")).to_be_hidden()
            page.get_by_role("navigation", name="Views").get_by_text("Map").click()
            expect(page.locator("#map-note")).to_have_text("120 pictures")
            page.context.close()


def choose(page: Page, folder: Path) -> None:
    """Choose the first folder, in the dialog."""
    page.get_by_role("button", name="Choose a folder").click()
    dialog = page.get_by_role("dialog", name="Add a folder of pictures")
    expect(dialog.locator("#folder-here")).not_to_have_text("")  # it begins at home
    dialog.get_by_label("Path of the folder").fill(str(folder))
    dialog.get_by_label("Path of the folder").press("Enter")
    expect(dialog.locator("#folder-here")).to_have_text(str(folder))
    dialog.get_by_role("button", name="Index this folder").click()


@SIZES
def test_index_a_folder_from_the_page(
    open_page: Open,
    tiny_model: Path,
    tmp_path: Path,
    viewport: ViewportSize,
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write_gallery(first, 6)
    write_gallery(second, 40, first_seed=100)
    (second / "broken.jpg").write_bytes(b"no picture")
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(first)
        with Live(photos) as server:
            page = open_page("/collection", server=server, viewport=viewport, expected=(404,))
            expect(page.locator("#collection-facts")).to_contain_text("tiny")
            expect(page.locator("#roots")).to_contain_text(str(first))
            page.get_by_role("button", name="Add a folder").click()
            dialog = page.get_by_role("dialog", name="Add a folder of pictures")
            field = dialog.get_by_label("Path of the folder")
            expect(dialog.locator("#folder-here")).not_to_have_text("")  # it begins at home
            field.fill(str(tmp_path / "nowhere"))
            field.press("Enter")
            expect(dialog.get_by_role("alert")).to_contain_text("nowhere")
            field.fill(str(tmp_path))
            field.press("Enter")
            dialog.get_by_role("button", name="second").click()
            expect(dialog.locator("#folder-here")).to_have_text(str(second))
            dialog.get_by_role("button", name="Index this folder").click()
            expect(page.locator("#job-title")).to_contain_text("40 added", timeout=60_000)
            expect(page.locator("#job-count")).to_contain_text("41 of 41 files")
            expect(page.locator("#skipped-title")).to_have_text("1 file was skipped")
            expect(page.locator("#skipped-list")).to_contain_text("broken.jpg")
            expect(page.locator("#roots li")).to_have_count(2)
            expect(page.locator("#collection-facts")).to_contain_text("46")
            page.get_by_role("button", name="Look for changes").click()
            expect(page.locator("#job-title")).to_contain_text("nothing new", timeout=60_000)
            page.get_by_role("navigation", name="Views").get_by_text("Search").click()
            expect_pictures(page)
            expect(page.locator("#results-note")).to_have_text("46")
            page.context.close()


@SIZES
def test_a_job_that_waits_says_so(
    open_page: Open, tiny_model: Path, tmp_path: Path, viewport: ViewportSize
) -> None:
    write_gallery(tmp_path / "pictures", 6)
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(tmp_path / "pictures")
        with Live(photos) as server, stores_away() as back:
            page = open_page("/collection", server=server, viewport=viewport)
            page.get_by_role("button", name="Look for changes").click()
            expect(page.locator("#job-waiting")).to_have_text(
                f"{SENTENCE[0].upper()}{SENTENCE[1:]}."
            )
            expect(page.locator("#indexing")).to_have_text("Indexing waits")
            assert violations_by_day_and_night(page) == []
            back.set()
            expect(page.locator("#job-title")).to_contain_text("nothing new", timeout=60_000)
            expect(page.locator("#job-waiting")).to_be_hidden()
            page.context.close()


def test_choose_between_collections(open_page: Open, tiny_model: Path, tmp_path: Path) -> None:
    write_gallery(tmp_path / "a", 4)
    write_gallery(tmp_path / "b", 7)
    with (
        lookalike.open(tmp_path / "holidays", model=tiny_model) as holidays,
        lookalike.open(tmp_path / "work", model=tiny_model) as work,
    ):
        holidays.index(tmp_path / "a")
        work.index(tmp_path / "b")
        with Live(holidays, work) as server:
            page = open_page(server=server)
            expect(page.locator("#results-note")).to_have_text("4")
            page.locator("#collections").select_option("work")
            expect(page.locator("#results-note")).to_have_text("7")
            expect(page).to_have_url(f"{server}/?collection=work")
            page.locator(".card-link").first.click()
            expect(page.locator("#picture-path")).to_contain_text(str(tmp_path / "b"))
            page.reload()
            expect(page.locator("#picture-path")).to_contain_text(str(tmp_path / "b"))
            page.context.close()
