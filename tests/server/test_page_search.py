"""The page in a real browser: each way to ask, and the answer.

Every test of the page fails on a console error, an exception, a failed request, a bad status that
it does not expect, or a request to anything but the server (see `tests.server.browser.Watch`).
"""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import ViewportSize, expect

import lookalike
from lookalike import Collection
from lookalike.server.routes import search as search_route
from tests.server.browser import DESKTOP, PHONE, Open, drop, expect_answer, paste, shows, transfer
from tests.server.conftest import Live

pytestmark = pytest.mark.browser


def test_the_start_page_shows_the_collection(open_page: Open, collection: Collection) -> None:
    page = open_page()
    expect(page.locator("#facts")).to_contain_text(f"{collection.status().images} pictures · tiny")
    expect(page.locator(".card-link")).to_have_count(30)
    assert shows(page, ".card >> nth=0 >> img")
    before = [link.get_attribute("href") for link in page.locator(".card-link").all()]
    page.get_by_role("button", name="Show others").click()
    expect(page.locator(".card-link").first).not_to_have_attribute("href", before[0] or "")
    expect(page.locator(".card-link")).to_have_count(30)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pick_a_picture(open_page: Open, query: Path, viewport: ViewportSize) -> None:
    page = open_page(viewport=viewport, touch=viewport is PHONE)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").click()
    chooser.value.set_files(query)
    expect_answer(page)
    expect(page.locator("#query-name")).to_have_text("my query.jpg")
    assert shows(page, "#query-picture img")
    assert shows(page, ".card >> nth=0 >> img")
    expect(page.locator(".meter").first).to_be_visible()
    assert page.title() == "my query.jpg \N{EN DASH} Lookalike"
    expect(page.locator("#said")).to_have_text("60 similar pictures")


def test_the_hits_are_those_of_the_library(
    open_page: Open, query: Path, collection: Collection
) -> None:
    page = open_page()
    page.set_input_files("#file", query)
    expect_answer(page)
    shown = [link.get_attribute("href") for link in page.locator(".card-link").all()]
    hits = collection.search(query, 60)
    assert shown == [f"/?id={hit.id}" for hit in hits]
    assert page.locator(".score").all_inner_texts() == [f"{hit.score:.3f}" for hit in hits]


def test_drop_a_picture(open_page: Open, query: Path) -> None:
    page = open_page()
    drop(page, transfer(page, query))
    expect_answer(page)
    expect(page.locator("#query-name")).to_have_text("my query.jpg")


def test_drop_one_of_the_pages_own_pictures(open_page: Open, address: str) -> None:
    page = open_page()
    drop(page, transfer(page, None, {"text/uri-list": f"{address}/?id=7"}))
    expect_answer(page)
    expect(page).to_have_url(f"{address}/?id=7")


def test_drop_what_is_no_picture(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("no picture")
    page = open_page(expected=(415,))
    expect(page.locator(".card-link")).to_have_count(30)
    drop(page, transfer(page, path))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("This picture cannot be used:")
    # What was there is there again, and the message can be put away.
    expect(page.locator(".grid:not(.waiting) .card-link")).to_have_count(30)
    expect(page.locator("#hero")).to_be_visible()
    page.get_by_role("button", name="Dismiss this message").click()
    expect(alert).to_be_hidden()


def test_paste_a_picture(open_page: Open, query: Path) -> None:
    page = open_page()
    paste(page, transfer(page, query))
    expect_answer(page)
    expect(page.locator("#query-name")).to_have_text("my query.jpg")


def test_paste_and_type_an_address(
    open_page: Open, query: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_route, "fetch", lambda *_, **__: query.read_bytes())
    page = open_page()
    paste(page, transfer(page, None, {"text/plain": "https://pictures.example/a/cat.jpg"}))
    expect_answer(page)
    expect(page.locator("#query-name")).to_have_text("cat.jpg")
    assert shows(page, "#query-picture img")  # a preview from the server, not from the web
    expect(page).to_have_url(f"{address}/?url=https%3A%2F%2Fpictures.example%2Fa%2Fcat.jpg")

    field = page.get_by_label("Address of a picture")
    field.fill("https://pictures.example/b/dog.jpg")
    field.press("Enter")
    expect(page.locator("#query-name")).to_have_text("dog.jpg")
    page.reload()
    expect_answer(page)
    expect(page.locator("#query-name")).to_have_text("dog.jpg")


def test_an_address_that_gives_nothing(open_page: Open) -> None:
    page = open_page(expected=(502,))
    page.keyboard.press("/")
    page.keyboard.type("http://127.0.0.1:1/secret.jpg")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("127.0.0.1")
    expect(page.locator("#hero")).to_be_visible()
    page.get_by_label("Address of a picture").fill("cat.jpg")
    page.get_by_role("button", name="Search by this address").click()
    expect(page.get_by_role("alert")).to_contain_text("starting with http:// or https://")


def test_show_more(open_page: Open, collection: Collection) -> None:
    page = open_page("/?id=3")
    expect_answer(page)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".card-link")).to_have_count(collection.status().images - 1)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    shown = [link.get_attribute("href") for link in page.locator(".card-link").all()]
    assert len(set(shown)) == len(shown)


def test_the_original_opens_in_a_tab(open_page: Open) -> None:
    page = open_page("/?id=3")
    expect_answer(page)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open original", exact=True).click()
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("document.contentType").startswith("image/")
    opened.value.close()


def test_a_file_over_the_limit_is_not_sent(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    page = open_page()
    page.set_input_files("#file", path)
    expect(page.get_by_role("alert")).to_contain_text("over the limit of 64 MiB")


def test_an_empty_collection_says_what_to_do(
    open_page: Open, tiny_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(folder)
        with Live(photos) as server:
            page = open_page(server=server)
            expect(page.locator("#empty")).to_contain_text("lookalike index FOLDER")
            expect(page.locator("#results-title")).to_have_text("There are no pictures here yet")
            page.context.close()


def test_a_picture_that_browsers_cannot_show(open_page: Open, query: Path, tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    with Image.open(query) as picture:
        picture.save(path)
    page = open_page()
    page.set_input_files("#file", path)
    expect_answer(page)
    assert shows(page, "#query-picture img")  # a preview from the server
