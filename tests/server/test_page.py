"""The page in a real browser: each way to ask, the answer, and the way back.

Every test fails on a console error, an exception, a failed request, a bad status that it does not
expect, or a request to anything but the server.
"""

import base64
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    JSHandle,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
)

import lookalike
from lookalike import Collection
from lookalike.server.routes import search as search_route
from tests.server.conftest import Live

pytestmark = pytest.mark.browser

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 740}

Open = Callable[..., Page]


class Watch:
    """Collects everything that must not happen."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.trouble: list[str] = []
        self.expected: set[int] = set()
        self._address = address
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)
        context.on("weberror", lambda error: self._add(f"exception: {error.error}"))
        context.on("console", self._console)

    def _add(self, text: str) -> None:
        self.trouble.append(text)

    def _request(self, request: Request) -> None:
        url = request.url
        if not url.startswith((self._address + "/", "blob:" + self._address, "data:")):
            self._add(f"off origin: {url}")

    def _failed(self, request: Request) -> None:
        # What was under way when a page was left is called off by the browser.
        if request.failure != "net::ERR_ABORTED":
            self._add(f"failed: {request.url}")

    def _response(self, response: Response) -> None:
        status, url = response.status, response.url
        if status >= 400 and status not in self.expected:
            self._add(f"{status}: {url}")

    def _console(self, message: ConsoleMessage) -> None:
        kind, text = message.type, message.text
        expected = any(f"status of {status} " in text for status in self.expected)
        if kind in ("error", "warning") and not expected:
            self._add(f"console: {text}")


@pytest.fixture
def watch_of(chromium: Browser) -> Iterator[dict[BrowserContext, Watch]]:
    watched: dict[BrowserContext, Watch] = {}
    yield watched
    for context in watched:
        context.close()
    assert [trouble for watch in watched.values() for trouble in watch.trouble] == []


@pytest.fixture
def open_page(chromium: Browser, address: str, watch_of: dict[BrowserContext, Watch]) -> Open:
    """Opens the page, or another place on the server."""

    def opened(
        path: str = "/",
        *,
        viewport: ViewportSize = DESKTOP,
        dark: bool = False,
        touch: bool = False,
        still: bool = False,
        expected: tuple[int, ...] = (),
        server: str = address,
    ) -> Page:
        context = chromium.new_context(
            viewport=viewport,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if still else "no-preference",
            has_touch=touch,
            is_mobile=touch,
        )
        context.set_default_timeout(15_000)
        watch = watch_of[context] = Watch(context, server)
        watch.expected |= set(expected)
        page = context.new_page()
        page.goto(server + path)
        return page

    return opened


def expect_answer(page: Page, count: int = 60) -> None:
    expect(page.locator("#results-title")).to_have_text("Similar pictures")
    expect(page.locator(".grid:not(.waiting) .card-link")).to_have_count(count)
    expect(page.locator("#progress")).to_be_hidden()
    expect(page.locator(".score").first).to_have_text(re.compile(r"^[01]\.\d{3}$"))


def shows(page: Page, selector: str) -> bool:
    """Whether a picture has really been decoded and drawn."""
    expect(page.locator(selector)).to_be_visible()
    decoded = "image => image.decode().then(() => image.naturalWidth > 0, () => false)"
    return bool(page.locator(selector).evaluate(decoded))


def transfer(page: Page, path: Path | None, text: dict[str, str] | None = None) -> JSHandle:
    """A DataTransfer in the page, as a drop or a paste carries it."""
    content = base64.b64encode(path.read_bytes()).decode() if path else ""
    return page.evaluate_handle(
        """([content, name, text]) => {
            const data = new DataTransfer();
            if (name) {
                const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
                const type = name.endsWith(".png") ? "image/png" : "image/jpeg";
                data.items.add(new File([bytes], name, {type}));
            }
            for (const [kind, value] of Object.entries(text)) data.setData(kind, value);
            return data;
        }""",
        [content, path.name if path else "", text or {}],
    )


def drop(page: Page, data: JSHandle) -> None:
    page.dispatch_event("body", "dragover", {"dataTransfer": data})
    expect(page.locator("#dropper")).to_be_visible()
    page.dispatch_event("body", "drop", {"dataTransfer": data})
    expect(page.locator("#dropper")).to_be_hidden()


def paste(page: Page, data: JSHandle) -> None:
    page.evaluate(
        """(data) => document.activeElement.dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}))""",
        data,
    )


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


def test_a_link_from_elsewhere_fetches_nothing(open_page: Open) -> None:
    page = open_page("/?url=https%3A%2F%2Fpictures.example%2Fcat.jpg")
    expect(page.get_by_role("alert")).to_contain_text("Press Search")
    expect(page.get_by_label("Address of a picture")).to_have_value(
        "https://pictures.example/cat.jpg"
    )
    expect(page.locator("#hero")).to_be_visible()


def test_click_back_forward_and_reload(open_page: Open, query: Path, address: str) -> None:
    page = open_page()
    page.set_input_files("#file", query)
    expect_answer(page)
    first = page.locator(".card-link").nth(3)
    one = first.get_attribute("href")
    first.click()
    expect(page).to_have_url(f"{address}{one}")
    expect_answer(page)
    # A picture of the collection is not its own neighbour on the page.
    assert one not in [link.get_attribute("href") for link in page.locator(".card-link").all()]
    assert shows(page, "#query-picture img")
    two = page.locator(".card-link").nth(5).get_attribute("href")
    page.locator(".card-link").nth(5).click()
    expect(page).to_have_url(f"{address}{two}")

    page.go_back()
    expect(page).to_have_url(f"{address}{one}")
    expect_answer(page)
    page.go_back()
    expect(page.locator("#query-name")).to_have_text("my query.jpg")
    expect_answer(page)
    page.go_back()
    expect(page.locator("#hero")).to_be_visible()
    page.go_forward()
    expect(page.locator("#query-name")).to_have_text("my query.jpg")
    page.go_forward()
    expect(page).to_have_url(f"{address}{one}")
    page.reload()
    expect_answer(page)
    expect(page).to_have_url(f"{address}{one}")
    page.get_by_role("link", name="Lookalike").click()
    expect(page.locator("#hero")).to_be_visible()
    expect(page).to_have_url(f"{address}/")


def test_back_returns_to_the_same_place(open_page: Open) -> None:
    page = open_page("/?id=3")
    expect_answer(page)
    page.locator(".card-link").nth(50).scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 300
    page.locator(".card-link").nth(50).click()
    expect(page).not_to_have_url(re.compile(r"\?id=3$"))
    expect_answer(page)
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page).to_have_url(re.compile(r"\?id=3$"))
    expect_answer(page)
    assert page.evaluate("scrollY") == pytest.approx(before, abs=2)


def test_a_reload_of_an_uploaded_picture_says_so(open_page: Open, query: Path) -> None:
    page = open_page()
    page.set_input_files("#file", query)
    expect_answer(page)
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("choose it again")
    expect(page.locator(".card-link")).to_have_count(30)


def test_a_shared_address(open_page: Open, collection: Collection) -> None:
    stored = collection.browse(0, 1)[0]
    page = open_page(f"/?id={stored.id}")
    expect_answer(page)
    expect(page.locator("#query-path")).to_have_text(stored.file.path)
    expect(page.get_by_role("link", name="Open original", exact=True)).to_have_attribute(
        "href", f"/api/images/{stored.id}"
    )


@pytest.mark.parametrize(
    ("path", "says", "expected"),
    [
        ("/?id=424242", "There is no picture", (404,)),
        ("/?id=../etc", "is no picture's id", ()),
        ("/?id=999999999999999", "There is no picture", (404,)),
    ],
)
def test_an_address_of_no_picture(
    open_page: Open, path: str, says: str, expected: tuple[int, ...]
) -> None:
    page = open_page(path, expected=expected)
    expect(page.get_by_role("alert")).to_contain_text(says)
    expect(page.locator(".card-link")).to_have_count(30)


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


def test_by_keyboard_alone(open_page: Open) -> None:
    page = open_page()
    expect(page.locator(".card-link")).to_have_count(30)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the pictures")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#results")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(".card-link").nth(0)).to_be_focused()
    outline = page.locator(".card-link").nth(0).evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".card-link").nth(2)).to_be_focused()
    page.keyboard.press("ArrowDown")
    below = page.locator(".card-link:focus")
    assert below.bounding_box()["y"] > page.locator(".card-link").nth(2).bounding_box()["y"]  # type: ignore[index]
    page.keyboard.press("ArrowUp")
    expect(page.locator(".card-link").nth(2)).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator(".card-link").last).to_be_focused()
    page.keyboard.press("Enter")
    expect_answer(page)
    expect(page.locator("#results-title")).to_be_focused()


@pytest.mark.parametrize("path", ["/", "/?id=3", "/docs"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_can_be_read_and_controls_have_names(open_page: Open, path: str, dark: bool) -> None:
    page = open_page(path, dark=dark, still=True)
    page.wait_for_load_state("networkidle")
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []
    assert page.locator("h1:visible, h2:visible").count() > 0
    assert page.locator("main").count() == 1


@pytest.mark.parametrize("width", [320, 360, 600, 768, 861, 1920])
def test_nothing_is_wider_than_the_window(open_page: Open, address: str, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 740})
    for path in ("/", "/?id=2", "/docs"):
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_shifts_while_pictures_load(open_page: Open, viewport: ViewportSize) -> None:
    page = open_page("/?id=3", viewport=viewport)
    page.add_init_script(
        """window.shift = 0;
        new PerformanceObserver((list) => {
            const own = list.getEntries().filter((entry) => !entry.hadRecentInput);
            for (const entry of own) window.shift += entry.value;
        }).observe({type: "layout-shift", buffered: true});"""
    )
    page.reload()
    expect_answer(page)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.shift") < 0.02


def test_reduced_motion_is_respected(open_page: Open) -> None:
    page = open_page(still=True)
    expect(page.locator(".card-link")).to_have_count(30)
    moving = "e => getComputedStyle(e).transitionDuration !== '0s'"
    assert not page.locator(".card img").first.evaluate(moving)


def test_a_slow_answer_shows_that_it_is_coming(
    open_page: Open, query: Path, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    search = collection.search

    def slow(data: bytes, k: int) -> object:
        assert go_on.wait(20)
        return search(data, k)

    page = open_page()
    expect(page.locator(".card-link")).to_have_count(30)
    monkeypatch.setattr(collection, "search", slow)
    try:
        page.set_input_files("#file", query)
        expect(page.locator("#results-title")).to_have_text("Searching…")
        expect(page.locator(".grid.waiting")).to_be_visible()
        expect(page.locator("#progress")).to_be_visible()
        expect(page.locator("#results")).to_have_attribute("aria-busy", "true")
        assert shows(page, "#query-picture img")
    finally:
        go_on.set()
    expect_answer(page)
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")


def test_a_file_over_the_limit_is_not_sent(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    page = open_page()
    page.set_input_files("#file", path)
    expect(page.get_by_role("alert")).to_contain_text("over the limit of 64 MiB")


def test_names_cannot_become_markup(open_page: Open, query: Path, tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>.jpg"
    page = open_page()
    page.set_input_files(
        "#file", {"name": name, "mimeType": "image/jpeg", "buffer": query.read_bytes()}
    )
    expect_answer(page)
    expect(page.locator("#query-name")).to_have_text(name)


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


# Text whose colour is too close to what it stands on, for WCAG AA; pictures behind are not seen.
CONTRAST = """() => {
    const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
    const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const ground = (e) => {
        for (; e; e = e.parentElement) {
            const [r, g, b, a = 1] = parse(getComputedStyle(e).backgroundColor);
            if (a > 0.8) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const bad = [];
    for (const e of document.querySelectorAll("body *")) {
        const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
        if (!own || !e.checkVisibility() || e.closest("svg")) continue;
        const style = getComputedStyle(e);
        const [x, y] = [light(parse(style.color)), light(ground(e))].sort((a, b) => b - a);
        const ratio = (x + 0.05) / (y + 0.05);
        const large = parseFloat(style.fontSize) >= 24;
        if (ratio < (large ? 3 : 4.5)) bad.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
    }
    return bad;
}"""

NAMELESS = """() => [...document.querySelectorAll("a, button, input:not([hidden])")]
    .filter((e) => e.checkVisibility())
    .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length))
    .map((e) => e.outerHTML)"""
