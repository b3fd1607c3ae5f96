"""A headless Chromium of this machine, the same for tests, benchmarks and screenshots."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
"""Where it is; None where there is none."""

_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a camera that shows a pattern
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, which is closed at the end.

    Raises:
        FileNotFoundError: there is none.
    """
    if CHROMIUM is None:
        raise FileNotFoundError("no Chromium on this machine: install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGS)
        yield browser
        browser.close()
