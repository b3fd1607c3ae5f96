"""The page in a real browser, with the bundled encoder on real pictures: from the drop to the map.

Every test of the page fails on a console error, an exception, a failed request, a bad status that
it does not expect, or a request to anything but the server (see `tests.server.browser.Watch`).
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, ViewportSize, expect

import lookalike
from lookalike import Collection
from lookalike.server.routes import uploads as uploads_route
from tests.conftest import PROJECT
from tests.server.browser import DESKTOP, PHONE, Open, drop, expect_answer, hits, shows, transfer
from tests.server.conftest import Live
from tests.support.pictures import draw

pytestmark = pytest.mark.browser

EACH = 8  # pictures of a kind


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures a kind: real ones where there are any, else drawn ones."""
    folder = tmp_path_factory.mktemp("kinds")
    shared = Path(os.environ.get("LOOKALIKE_SHARED", PROJECT.parent / "shared"))
    real = sorted((shared / "data" / "intel" / "test").glob("*/"))
    for kind in range(6):
        place = folder / f"kind {kind}"
        place.mkdir()
        files = sorted(real[kind].glob("*.jpg")) if real else []
        for number in range(EACH):
            if files:
                with Image.open(files[number]) as picture:
                    picture.convert("RGB").save(place / f"{number}.jpg", quality=92)
            else:
                base = draw(kind, 150, 150).rotate(3 * number)
                base.crop((number, number, 140, 140)).save(place / f"{number}.jpg")
    with Image.open(folder / "kind 0" / "0.jpg") as picture:
        picture.resize((120, 120)).save(folder / "kind 0" / "smaller.png")
    return folder


@pytest.fixture(scope="module")
def photos(kinds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    with lookalike.open(tmp_path_factory.mktemp("flows") / "c") as opened:
        opened.index(kinds)
        yield opened


@pytest.fixture(scope="module")
def server(photos: Collection) -> Iterator[str]:
    with Live(photos) as served:
        yield served


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_from_the_drop_to_the_map(
    open_page: Open,
    server: str,
    photos: Collection,
    kinds: Path,
    tmp_path: Path,
    viewport: ViewportSize,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    touch = viewport is PHONE
    page = open_page(server=server, viewport=viewport, touch=touch, expected=(415,))

    def press(what: Locator) -> None:
        if touch:
            what.tap()
        else:
            what.click()

    # A picture of the collection, changed, finds its original first, by file and by address.
    with Image.open(kinds / "kind 2" / "3.jpg") as picture:
        picture.crop((4, 4, 140, 144)).save(tmp_path / "cut.jpg")
    drop(page, transfer(page, tmp_path / "cut.jpg"))
    expect_answer(page)
    assert first(page, photos) == "kind 2/3.jpg"
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    page.set_input_files("#file", tmp_path / "broken.jpg")
    expect(page.get_by_role("alert")).to_contain_text("cannot be used")
    monkeypatch.setattr(
        uploads_route, "fetch", lambda *_, **__: (tmp_path / "cut.jpg").read_bytes()
    )
    field = page.get_by_label("Address of a picture")
    field.fill("https://pictures.example/cut.jpg")
    field.press("Enter")
    expect(page).to_have_url(re.compile("u:"))
    expect_answer(page)
    assert first(page, photos) == "kind 2/3.jpg"

    # A part of it, by the button; the whole of it again.
    press(page.get_by_role("button", name="Search a part"))
    expect(page).to_have_url(re.compile("@0.2,0.2,0.6,0.6"))
    expect_answer(page)
    press(page.get_by_role("button", name="Whole picture"))
    expect(page).not_to_have_url(re.compile("@"))
    expect_answer(page)

    # More and less like others, from the picture's own view.
    for name, tray in (("More like this", "#tray-like"), ("Less like this", "#tray-unlike")):
        press(page.locator('.card[data-at="1"] .card-link'))
        expect(page.locator("#picture-name")).not_to_have_text("")
        assert shows(page, "#stage-image img")
        press(page.locator("#picture-actions").get_by_role("link", name=name))
        expect(page.locator(f"{tray} li").last).to_be_visible()
        expect_answer(page)
    press(page.locator("#tray-unlike").get_by_role("button"))
    expect(page.locator("#tray-unlike li")).to_have_count(0)
    expect_answer(page)

    # Less and less similar ones are cut off.
    slider = page.get_by_label(re.compile("^Score from|^Likeness from"))
    slider.fill("0.99")
    expect(page.locator("#results-note")).to_have_text(re.compile(r"^\d+ of \d+$"))

    # Copies, and the map, which leads back to a search.
    views = page.get_by_role("navigation", name="Views")
    press(views.get_by_text("Duplicates"))
    expect(page.locator(".group").first).to_contain_text("smaller.png")
    press(views.get_by_text("Map"))
    expect(page.locator("#map-note")).to_have_text(f"{len(photos)} pictures")
    press(views.get_by_text("Collection"))
    expect(page.locator("#collection-facts")).to_contain_text("compact")
    some = photos.browse(20, 1)[0].id
    page.goto(f"{server}/map?at={some}")
    page.wait_for_function("() => performance.getEntriesByName('map-interactive').length > 0")
    press(page.locator("#map-canvas"))
    expect_answer(page)
    page.context.close()


def first(page: Page, photos: Collection) -> str:
    """The nearest picture's kind and name."""
    path = Path(photos.image_file(hits(page)[0]).file.path)
    return f"{path.parent.name}/{path.name}"
