"""The page in a real browser: another encoder, copies put aside, parts of pictures.

Every test of the page fails on a console error, an exception, a failed request, a bad status that
it does not expect, or a request to anything but the server (see `tests.server.browser.Watch`).
"""

import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

import lookalike
from tests.server.browser import Open, violations_by_day_and_night
from tests.server.conftest import Live
from tests.support.pictures import draw, write_gallery

pytestmark = pytest.mark.browser


def test_from_one_encoder_to_another(open_page: Open, tiny_model: Path, tmp_path: Path) -> None:
    write_gallery(tmp_path / "pictures", 12)
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(tmp_path / "pictures")
        with Live(photos) as server:
            page = open_page("/collection", server=server)
            rows = page.locator("#encoders li")
            expect(rows).to_have_count(1)
            expect(rows.first).to_contain_text("tiny 64 dimensions, answers")
            page.get_by_label("Another one").select_option("compact")
            page.get_by_role("button", name="Add", exact=True).click()
            expect(rows.nth(1)).to_contain_text("compact 384 dimensions, has all pictures")
            rows.nth(1).get_by_role("button", name="Compare").click()
            comparison = page.locator("#comparison")
            expect(comparison).to_contain_text("tiny beside compact")
            expect(comparison).to_contain_text(re.compile(r"\d+% with tiny, \d+% with compact"))
            expect(comparison.locator(".sides > li")).to_have_count(3)
            first = comparison.locator(".sides > li").first
            for name in ("tiny", "compact"):
                nearest = first.get_by_role("list", name=f"Nearest with {name}")
                expect(nearest.get_by_role("link")).to_have_count(10)
            one, other = (
                first.get_by_role("list")
                .nth(n)
                .locator("a")
                .evaluate_all("links => links.map(a => a.href)")
                for n in (0, 1)
            )
            assert first.locator("a.alone").count() == len(set(one) ^ set(other))
            assert violations_by_day_and_night(page) == []
            rows.nth(1).get_by_role("button", name="Switch to it").click()
            expect(comparison).to_be_hidden()
            expect(rows.nth(1)).to_contain_text("answers")
            expect(page.locator("#collection-facts")).to_contain_text("compact, 384 dimensions")
            rows.first.get_by_role("button", name="Drop").click()
            expect(rows).to_have_count(1)
            page.close()  # its stream of events, before the server


def choose(page: Page, folder: Path) -> None:
    expect(page.locator("#folder-here")).not_to_have_text("")
    page.locator("#folder-path").fill(str(folder))
    page.get_by_role("button", name="Go to this folder").click()
    expect(page.locator("#folder-here")).to_have_text(str(folder))
    page.get_by_role("button", name="Choose this folder").click()


def test_copies_are_put_aside_and_come_back(
    open_page: Open, tiny_model: Path, tmp_path: Path
) -> None:
    pictures = write_gallery(tmp_path / "pictures", 6)
    copy = pictures[0].with_name("a longer name of a copy.jpg")
    shutil.copy(pictures[0], copy)
    (tmp_path / "aside").mkdir()
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(tmp_path / "pictures")
        with Live(photos) as server:
            page = open_page("/duplicates?kind=identical", server=server)
            expect(page.locator("#groups-note")).to_have_text("1 group")
            expect(page.locator("#tidy")).to_contain_text("it has the most pixels")
            page.get_by_role("button", name="Put copies aside").click()
            choose(page, tmp_path / "aside")
            expect(page.locator("#tidy-dialog-words")).to_contain_text("1 copy would move")
            expect(page.locator("#tidy-dialog-list")).to_contain_text(copy.name)
            assert copy.exists(), "nothing is done before it is confirmed"
            page.get_by_role("button", name="Do it").click()
            expect(page.locator("#tidy-outcome")).to_have_text("1 copy done.")
            expect(page.locator("#groups-empty")).to_be_visible()
            assert not copy.exists()
            page.get_by_text("What was tidied").click()
            page.get_by_role("button", name="Take back").click()
            expect(page.locator("#tidy-outcome")).to_have_text("1 copy taken back.")
            expect(page.locator("#groups-note")).to_have_text("1 group")
            assert copy.exists()
            page.close()


def test_a_part_is_marked_and_a_position_named(
    open_page: Open, tiny_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    write_gallery(folder, 6)
    collage = Image.new("RGB", (360, 360), "black")
    collage.paste(draw(100, 180, 180).transpose(Image.Transpose.ROTATE_180), (180, 0))
    collage.save(folder / "collage.png")
    draw(100, 180, 180).save(folder / "query.png")
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(folder, regions=True)
        (query,) = [each.id for each in photos.browse() if each.file.path.endswith("query.png")]
        with Live(photos) as server:
            page = open_page(f"/?like={query}", server=server)
            expect(page.locator(".card").first).not_to_have_attribute("data-id", "")
            page.get_by_label("Look inside pictures").check()
            page.get_by_label("Any way up").check()
            best = page.locator('.card[data-at="0"]')
            expect(best.locator(".region")).to_have_attribute(
                "style", "left: 50%; top: 0%; width: 50%; height: 50%;"
            )
            expect(best).to_contain_text("upside down")
            assert page.url.endswith("&turned=1&inside=1")
            best.locator(".card-link").click()
            for _ in ("opened", "loaded anew"):
                expect(page.locator("#stage-image .outline.part")).to_have_attribute(
                    "style", "left: 50%; top: 0%; width: 50%; height: 50%;"
                )
                expect(page.locator("#picture-score")).to_contain_text("the part that is outlined")
                page.reload()
            assert violations_by_day_and_night(page) == []
            page.goto(f"{server}/picture/{query}")  # not as a hit
            expect(page.locator("#picture-name")).to_have_text("query.png")
            expect(page.locator("#stage-image .outline")).to_be_hidden()
            page.close()
