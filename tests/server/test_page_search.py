"""The page in a real browser: each way to ask, and the answer.

Every test of the page fails on a console error, an exception, a failed request, a bad status that
it does not expect, or a request to anything but the server (see `tests.server.browser.Watch`).
"""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import ViewportSize, expect

import lookalike
from lookalike import Collection
from lookalike.encoders import ScoreCalibration, read_spec, write_spec
from lookalike.server.routes import uploads as uploads_route
from tests.server.browser import (
    DESKTOP,
    PHONE,
    Open,
    drop,
    expect_answer,
    expect_pictures,
    hits,
    paste,
    shows,
    transfer,
)
from tests.server.conftest import Live
from tests.support.model import make_model

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])


def test_the_start_page_shows_the_collection(open_page: Open, collection: Collection) -> None:
    page = open_page()
    expect_pictures(page)
    expect(page.locator("#results-note")).to_have_text(str(len(collection)))
    assert shows(page, ".card >> nth=0 >> img")
    assert hits(page)[:8] == [stored.id for stored in collection.browse(0, 8)]


@SIZES
def test_pick_a_picture(open_page: Open, query: Path, viewport: ViewportSize) -> None:
    page = open_page(viewport=viewport, touch=viewport is PHONE)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").click()
    chooser.value.set_files(query)
    expect_answer(page)
    expect(page.locator("#query-name")).to_have_text("my query.jpg")
    assert shows(page, "#query-picture")
    assert shows(page, ".card >> nth=0 >> img")
    assert page.title() == "my query.jpg \N{EN DASH} Lookalike"
    expect(page.locator("#said")).to_have_text("90")


def test_the_hits_are_those_of_the_library(
    open_page: Open, query: Path, collection: Collection
) -> None:
    page = open_page()
    page.set_input_files("#file", query)
    expect_answer(page)
    shown = hits(page)
    expected = collection.search(query, len(shown))
    assert len(shown) >= 12
    assert shown == [hit.id for hit in expected]
    first = page.locator('.card[data-at="0"]')
    expect(first.locator(".score")).to_have_text(f"{expected[0].score:.3f}")
    expect(first.locator(".similar")).to_have_text(re.compile("similar|identical", re.IGNORECASE))


@SIZES
def test_drop_a_picture(open_page: Open, query: Path, viewport: ViewportSize) -> None:
    page = open_page(viewport=viewport)
    drop(page, transfer(page, query))
    expect_answer(page)
    expect(page.locator("#query-name")).to_have_text("my query.jpg")


def test_drop_one_of_the_pages_own_pictures(open_page: Open, address: str) -> None:
    page = open_page()
    drop(page, transfer(page, None, {"text/uri-list": f"{address}/picture/7?at=6"}))
    expect_answer(page)
    expect(page).to_have_url(f"{address}/?like=7")


def test_drop_what_is_no_picture(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("no picture")
    page = open_page(expected=(415,))
    expect_pictures(page)
    drop(page, transfer(page, path))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("This picture cannot be used:")
    # What was there is still there, and the message can be put away.
    expect_pictures(page)
    page.get_by_role("button", name="Dismiss this message").click()
    expect(alert).to_be_hidden()


@SIZES
def test_paste_a_picture(open_page: Open, query: Path, viewport: ViewportSize) -> None:
    page = open_page(viewport=viewport)
    paste(page, transfer(page, query))
    expect_answer(page)
    expect(page.locator("#query-name")).to_have_text("my query.jpg")


def test_paste_and_type_an_address(
    open_page: Open, query: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads_route, "fetch", lambda *_, **__: query.read_bytes())
    page = open_page()
    paste(page, transfer(page, None, {"text/plain": "https://pictures.example/a/cat.jpg"}))
    expect_answer(page)
    expect(page.locator("#query-name")).to_have_text("cat.jpg")
    assert shows(page, "#query-picture")  # a preview from the server, not from the web

    field = page.get_by_label("Address of a picture")
    field.fill("https://pictures.example/b/dog.jpg")
    field.press("Enter")
    expect(page.locator("#query-name")).to_have_text("dog.jpg")
    page.reload()
    expect_answer(page)
    expect(page.locator("#query-name")).to_have_text("dog.jpg")


def test_an_address_that_gives_nothing(open_page: Open) -> None:
    page = open_page(expected=(502,))
    expect_pictures(page)
    page.keyboard.press("/")
    page.keyboard.type("http://127.0.0.1:1/secret.jpg")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("127.0.0.1")
    expect(page.locator("#hero")).to_be_visible()
    page.get_by_label("Address of a picture").fill("cat.jpg")
    page.get_by_role("button", name="Search by this address").click()
    expect(page.get_by_role("alert")).to_contain_text("starting with http:// or https://")


def test_a_picture_from_the_camera(open_page: Open) -> None:
    page = open_page(camera=True)
    page.get_by_role("button", name="Take a picture").click()
    dialog = page.get_by_role("dialog", name="Take a picture")
    expect(dialog).to_be_visible()
    page.wait_for_function("() => document.querySelector('#camera-video').videoWidth > 0")
    dialog.get_by_role("button", name="Search by this").click()
    expect_answer(page)
    expect(page.locator("#query-name")).to_have_text("Camera picture.jpg")
    assert page.evaluate("document.querySelector('#camera-video').srcObject") is None


def test_a_camera_that_may_not_be_used(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name="Take a picture").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile("camera|choose a picture"))


def test_a_file_over_the_limit_is_not_sent(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    page = open_page()
    page.set_input_files("#file", path)
    expect(page.get_by_role("alert")).to_contain_text("over the limit of 64 MiB")


def test_a_picture_that_browsers_cannot_show(open_page: Open, query: Path, tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    with Image.open(query) as picture:
        picture.save(path)
    page = open_page()
    page.set_input_files("#file", path)
    expect_answer(page)
    assert shows(page, "#query-picture")  # a preview from the server


def test_the_slider_cuts_off_what_is_not_similar(open_page: Open, collection: Collection) -> None:
    page = open_page("/?like=3")
    expect_answer(page)
    scores = [hit.score for hit in collection.search(3, 90) if hit.id != 3]
    cut = round(scores[9], 2) + 0.01
    expected = sum(score >= cut for score in scores)
    page.get_by_label("Score from").fill(f"{cut:.2f}")
    expect(page.locator("#results-note")).to_have_text(f"{expected} of 89")
    expect(page.locator(".card")).to_have_count(expected)
    expect(page).to_have_url(re.compile(rf"min={cut:.2f}".rstrip("0")))
    page.reload()
    expect(page.locator("#results-note")).to_have_text(f"{expected} of 89")
    page.get_by_label("Score from").fill("1")
    expect(page.locator("#empty")).to_contain_text("Nothing is that similar")


def test_a_calibrated_encoder_says_how_likely(
    open_page: Open, gallery: Path, tmp_path: Path
) -> None:
    model = make_model(tmp_path / "model")
    curve = ScoreCalibration(
        scores=[0.0, 1.0], probabilities=[0.0, 0.5], threshold=0.9, pictures=9, kinds=3
    )
    write_spec(replace(read_spec(str(model / "model.json")), calibration=curve), str(model))
    with lookalike.open(tmp_path / "c", model=model) as photos:
        photos.index(gallery)
        scores = [hit.score for hit in photos.search(3, 90) if hit.id != 3]
        with Live(photos) as server:
            page = open_page("/?like=3", server=server)
            expect_answer(page)
            first = page.locator('.card[data-at="0"] .score')
            expect(first).to_have_text(f"{int(scores[0] * 50)}%")
            page.get_by_label("Likeness from").fill("0.5")
            expect(page.locator("#cutoff-value")).to_have_text("25%")
            page.get_by_role("button", name="Suggested").click()
            expected = sum(score >= 0.9 for score in scores)
            expect(page.locator("#results-note")).to_have_text(f"{expected} of 89")
            expect(page).to_have_url(re.compile(r"min=0\.9$"))
            page.goto(server + "/?like=3&like=4")  # of several pictures nothing is known
            expect_answer(page)
            expect(first).to_have_text(re.compile(r"^0\.\d{3}$"))
            expect(page.get_by_label("Score from")).to_be_visible()
            page.context.close()


def test_everything_scrolls_into_place(open_page: Open) -> None:
    page = open_page("/?like=3", viewport=PHONE)
    expect_answer(page)
    for share in (1, 0.5, 0):
        page.evaluate(f"window.scrollTo(0, document.body.scrollHeight * {share})")
        page.wait_for_function(
            """() => [...document.querySelectorAll("#grid li")].every((card) => {
                const { top, bottom } = card.getBoundingClientRect();
                const image = card.querySelector("img");
                return bottom < 0 || top > innerHeight || (image?.complete && image.naturalWidth);
            }) && document.querySelector("#grid li")"""
        )
