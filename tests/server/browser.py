"""What tests of the page share: a watch over a browser context, and the ways to ask."""

import base64
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    JSHandle,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
)

from tests.conftest import PROJECT

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 740}
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"

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


def expect_pictures(page: Page) -> None:
    """The start page is there, with the pictures of the collection."""
    expect(page.locator("#results-title")).to_have_text("Your pictures")
    expect(page.locator("#grid img").first).to_be_visible()
    expect(page.locator("#progress")).to_be_hidden()


def expect_answer(page: Page) -> None:
    """A search has been answered, and its first pictures are on screen."""
    expect(page.locator("#results-title")).to_have_text("Similar pictures")
    expect(page.locator("#progress")).to_be_hidden()
    expect(page.locator("#grid .score").first).to_have_text(re.compile(r"^(-?[01]\.\d{3}|<?\d+%)$"))


def hits(page: Page) -> list[int]:
    """The ids of the cards that exist, in their order."""
    found: list[int] = page.evaluate(
        """() => [...document.querySelectorAll("#grid li[data-id]")]
            .sort((a, b) => a.dataset.at - b.dataset.at).map((card) => Number(card.dataset.id))"""
    )
    return found


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


def drop(page: Page, data: JSHandle, zone: str = "only") -> None:
    page.dispatch_event("body", "dragover", {"dataTransfer": data})
    expect(page.locator("#dropper")).to_be_visible()
    page.dispatch_event(f'.drop-zone[data-use="{zone}"]', "drop", {"dataTransfer": data})
    expect(page.locator("#dropper")).to_be_hidden()


def paste(page: Page, data: JSHandle) -> None:
    page.evaluate(
        """(data) => document.activeElement.dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}))""",
        data,
    )


def violations(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(
        """async () => (await axe.run()).violations.flatMap(({id, nodes}) =>
            nodes.map(({html, failureSummary}) => `${id}: ${html} ${failureSummary}`))"""
    )
    return found


def violations_by_day_and_night(page: Page) -> list[str]:
    """What axe finds in light and in dark; nothing where `npm ci` has not brought axe."""
    found = []
    for scheme in ("light", "dark") if AXE.is_file() else ():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += violations(page)
    return found
