"""Take the pictures of the page that the docs show, of the demo gallery.

python -m scripts.screenshots [NAME...]

Names are those of the files in docs/pictures, without the ending; all are taken unless told.
"""

import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect
from tests.server.browser import DESKTOP, PHONE, expect_answer, expect_pictures
from tests.support.chromium import chromium

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
PLACE = Path(tempfile.gettempdir()) / "lookalike"
LARGEST = 150_000  # bytes of a file
NAMED = {
    "flowers": "flowers/07.jpg",
    "other": "flowers/02.jpg",
    "against": "flowers/12.jpg",
    "balloons": "balloons/05.jpg",
}
"""Pictures of the gallery, by what the addresses below call them."""


_DRAWN = """() => [...document.images].every((image) => {
    const {top, bottom, width} = image.getBoundingClientRect();
    return bottom <= 0 || top >= innerHeight || !width || (image.complete && image.naturalWidth);
}) && document.querySelector("#progress").hidden"""
"""Whether every picture that can be seen is there."""


@dataclass(frozen=True)
class Shot:
    """One picture: where it is taken, and what is done there before."""

    name: str
    path: str = "/"
    prepare: Callable[[Page], object] = Page.title  # nothing to be done
    phone: bool = False
    dark: bool = False
    empty: bool = False  # in a collection without pictures


def answered(page: Page) -> None:
    expect_answer(page)


def started(page: Page) -> None:
    expect_pictures(page)


def mapped(page: Page) -> None:
    expect(page.locator("#map-note")).to_have_text(re.compile(r"^\d+ pictures$"))
    page.wait_for_function("() => performance.getEntriesByName('map-drawn').length > 0")


def nearer(page: Page) -> None:
    mapped(page)
    page.locator("#map-canvas").hover()  # its middle, where the picture of the address lies
    expect(page.locator("#map-card-name")).not_to_have_text("")


def filtered(page: Page) -> None:
    expect_answer(page)
    page.get_by_role("button", name="Filters").click()
    expect(page.locator("#filters select").first).to_be_visible()


def beside(page: Page) -> None:
    expect_answer(page)
    page.locator('.card[data-at="1"] .card-link').click()
    expect(page.locator("#picture-score")).not_to_have_text("")
    page.get_by_role("button", name="Side by side").click()
    expect(page.locator("#stage-query img")).to_be_visible()


def explained(page: Page) -> None:
    beside(page)
    page.get_by_role("button", name="Why it matched").click()
    expect(page.locator("#stage-image canvas")).to_be_visible()


def indexing(page: Page) -> None:
    page.get_by_role("button", name="Choose a folder").click()
    dialog = page.get_by_role("dialog", name="Add a folder of pictures")
    expect(dialog.locator("#folder-here")).not_to_have_text("")
    dialog.get_by_label("Path of the folder").fill(str(PLACE / "pictures"))
    dialog.get_by_label("Path of the folder").press("Enter")
    expect(dialog.locator("#folder-here")).to_have_text(str(PLACE / "pictures"))
    dialog.get_by_role("button", name="Index this folder").click()
    page.locator("#indexing").click()
    page.wait_for_function("() => document.querySelector('#job-bar').value > 0.3")


def grouped(page: Page) -> None:
    expect(page.locator(".group").first).to_be_visible()


def known(page: Page) -> None:
    expect(page.locator("#collection-facts")).to_contain_text("Pictures")
    expect(page.locator("#encoders li")).to_be_visible()
    page.wait_for_timeout(500)  # what has been laid out is not painted yet


SHOTS = [
    Shot("start", prepare=started),
    Shot("start-phone", prepare=started, phone=True),
    Shot("results", "/?like={flowers}", answered),
    Shot("results-dark", "/?like={flowers}", answered, dark=True),
    Shot("results-phone", "/?like={flowers}", answered, phone=True),
    Shot("crop", "/?like={balloons}@0.46,0.34,0.44,0.64", answered),
    Shot("for-and-against", "/?like={flowers}&like={other}&unlike={against}", answered),
    Shot("filters", "/?like={flowers}", filtered),
    Shot("picture", "/?like={flowers}", beside),
    Shot("picture-phone", "/?like={flowers}", beside, phone=True, dark=True),
    Shot("why", "/?like={flowers}", explained),
    Shot("map", "/map", mapped),
    Shot("map-near", "/map?at={flowers}", nearer, dark=True),
    Shot("map-phone", "/map", mapped, phone=True),
    Shot("duplicates", "/duplicates", grouped),
    Shot("duplicates-phone", "/duplicates", grouped, phone=True, dark=True),
    Shot("collection", "/collection", known),
    Shot("first", empty=True),
    Shot("first-phone", empty=True, phone=True, dark=True),
    Shot("indexing", prepare=indexing, empty=True),
]


@contextmanager
def serving(*args: object) -> Iterator[str]:
    """A server in a process of its own; its address, without the last slash."""
    command = [sys.executable, "-m", "lookalike", *map(str, args), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr
        for line in process.stderr:
            if found := re.search(r"is at (http://\S+)/", line):
                yield found[1]
                return
        raise SystemExit("the server did not start")
    finally:
        process.terminate()
        process.communicate()


def ids(browser: Browser, address: str) -> dict[str, int]:
    """The ids of `NAMED`."""
    page = browser.new_page()
    page.goto(address)
    images = page.evaluate("fetch('/api/images?limit=1000').then((answer) => answer.json())")
    page.close()
    files = {Path(image["path"]): image["id"] for image in images["images"]}
    return {name: files[PLACE / "pictures" / file] for name, file in NAMED.items()}


def take(browser: Browser, shot: Shot, address: str) -> None:
    """Take one picture, and keep it as a small file."""
    context = browser.new_context(
        viewport=PHONE if shot.phone else DESKTOP,
        device_scale_factor=2 if shot.phone else 1,
        has_touch=shot.phone,
        is_mobile=shot.phone,
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(address)
    shot.prepare(page)
    page.wait_for_function(_DRAWN)
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        for quality in (88, 80, 70):
            picture.save(FOLDER / f"{shot.name}.webp", quality=quality, method=6)
            if (FOLDER / f"{shot.name}.webp").stat().st_size <= LARGEST:
                break
    context.close()


def main() -> None:
    expect.set_options(timeout=60_000)
    wanted = set(sys.argv[1:]) or {shot.name for shot in SHOTS}
    if unknown := wanted - {shot.name for shot in SHOTS}:
        raise SystemExit(f"there is no picture {', '.join(sorted(unknown))}")
    FOLDER.mkdir(exist_ok=True)
    shutil.rmtree(PLACE, ignore_errors=True)  # one of an earlier run may have another encoder
    new = PLACE / "new"
    with (
        chromium() as browser,
        serving("demo", "--folder", PLACE, "--no-open") as gallery,
        serving("serve", "-c", new) as empty,
    ):
        names = ids(browser, gallery)
        for shot in SHOTS:
            if shot.name in wanted:
                take(browser, shot, (empty if shot.empty else gallery) + shot.path.format(**names))


if __name__ == "__main__":
    main()
