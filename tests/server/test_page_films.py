"""The page in a real browser: films, and the evidence of suggested labels."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

import lookalike
from lookalike import Collection
from tests.server.browser import PHONE, Open, expect_answer, shows, violations_by_day_and_night
from tests.server.conftest import Live
from tests.support.films import BLUE, GREEN, RED, SAND, painted, write_film

pytestmark = pytest.mark.browser


@pytest.fixture
def films(tmp_path: Path, tiny_model: Path) -> Iterator[Collection]:
    """A film of red, green and blue, and a picture of each colour."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    write_film(folder / "film.webm", [(RED, 2), (GREEN, 2), (BLUE, 2)], "libvpx-vp9", fps=12)
    for name, colour in (("red", RED), ("green", GREEN), ("sand", SAND)):
        Image.fromarray(painted(colour)).save(folder / f"{name}.png")
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(folder)
        yield photos


@pytest.fixture
def films_address(films: Collection) -> Iterator[str]:
    with Live(films) as served:
        yield served


def frame_ids(photos: Collection) -> list[int]:
    return [item.id for item in photos.browse() if item.file.frame is not None]


def test_a_film_from_its_tile_to_a_moment_of_it(
    open_page: Open, films: Collection, films_address: str
) -> None:
    page = open_page("/", server=films_address)
    expect(page.locator(".card .moment")).to_have_text(["0:00", "0:02", "0:04"])
    green = frame_ids(films)[1]
    page.locator(f'.card[data-id="{green}"] .card-link').click()
    expect(page.locator("#picture-name")).to_have_text("film.webm, at 0:02")
    expect(page.locator("#picture-facts")).to_contain_text("Moment0:02")
    assert shows(page, "#stage-image img")
    page.get_by_role("button", name="Play from 0:02").click()
    video = page.locator("#stage-image video")
    expect(video).to_be_visible()
    page.wait_for_function(
        "() => { const v = document.querySelector('video'); return v && v.readyState >= 2; }"
    )
    assert violations_by_day_and_night(page) == []
    page.evaluate("() => { const v = document.querySelector('video'); v.pause(); }")
    page.evaluate("() => { document.querySelector('video').currentTime = 4.5; }")
    page.get_by_role("link", name="Search from 0:04").click()
    expect_answer(page)
    expect(page).to_have_url(re.compile(rf"/\?like={green}_4\.\d+$"))
    assert shows(page, "#query-picture")
    expect(page.locator("#query-name")).to_have_text("film.webm, at 0:04")
    # Blue is the third scene; the answer begins with it, and a reload gives it again.
    blue = str(frame_ids(films)[2])
    expect(page.locator(".card").first).to_have_attribute("data-id", blue)
    page.reload()
    expect_answer(page)
    expect(page.locator(".card").first).to_have_attribute("data-id", blue)


def test_what_no_browser_plays_is_not_offered(open_page: Open, films: Collection) -> None:
    with Live(films) as served:
        page = open_page(f"/picture/{frame_ids(films)[0]}", server=served, viewport=PHONE)
        expect(page.get_by_role("button", name="Play from 0:00")).to_be_visible()
        red = next(item.id for item in films.browse() if item.file.path.endswith("red.png"))
        page.goto(f"{served}/picture/{red}")
        expect(page.locator("#picture-name")).to_have_text("red.png")
        expect(page.locator("#picture-play")).to_be_hidden()


def test_a_suggested_label_shows_whose_it_is(
    open_page: Open, films: Collection, films_address: str
) -> None:
    red, green, blue = frame_ids(films)
    films.set_labels({red: ["shore"], green: ["shore"]})
    page = open_page(f"/picture/{blue}", server=films_address)
    row = page.locator("#label-suggestions li")
    expect(row).to_have_count(1)
    shown = row.locator(".evidence a")
    expect(shown).to_have_count(2)
    expect(shown.first.locator("img")).to_have_js_property("complete", True)
    wanted = [suggestion.evidence for suggestion in films.suggest_labels(blue)]
    assert [shown.nth(place).get_attribute("href") for place in range(2)] == [
        f"/picture/{image_id}" for image_id in wanted[0]
    ]
    assert violations_by_day_and_night(page) == []
    shown.first.click()
    expect(page).to_have_url(re.compile(rf"/picture/{wanted[0][0]}$"))
    page.go_back()
    row.get_by_role("button", name=re.compile("Add the label shore")).click()
    expect(page.locator("#label-list")).to_contain_text("shore")
    expect(row).to_have_count(0)
