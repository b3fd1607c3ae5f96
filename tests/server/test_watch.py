"""A server that watches its folders."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import expect

import lookalike
from lookalike import Collection
from lookalike.errors import StoreError
from lookalike.jobs import Watch
from tests.server.browser import Open
from tests.server.conftest import Live
from tests.support.away import SENTENCE, stores_away
from tests.support.gate import until
from tests.support.pictures import write_gallery, write_picture


@pytest.fixture
def photos(tmp_path: Path, tiny_model: Path) -> Iterator[Collection]:
    write_gallery(tmp_path / "pictures", 3)
    with lookalike.open(tmp_path / "c", model=tiny_model) as made:
        made.index(tmp_path / "pictures")
        yield made


def state(address: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.get(f"{address}/api/index", timeout=60).json()["watch"]
    return found


def test_changes_are_found_and_told(photos: Collection, tmp_path: Path) -> None:
    with Live(photos, watch=True) as address:
        until(lambda: state(address)["watching"])
        assert state(address)["changed"] is None
        write_picture(tmp_path / "pictures" / "deep" / "new.jpg", 50)
        until(lambda: state(address)["changed"] is not None)
        told = state(address)
        assert (told["summary"]["added"], told["error"]) == (1, None)
        (tmp_path / "pictures" / "deep" / "new.jpg").unlink()
        until(lambda: len(photos) == 3)
        # A folder that is added later is watched as well, at once and not at the next comparison.
        write_gallery(tmp_path / "more", 2)
        asked = {"folders": [str((tmp_path / "more").resolve())]}

        def index() -> bool:  # the watch may be writing just now
            return httpx2.post(f"{address}/api/index", json=asked, timeout=60).status_code == 202

        until(index)
        until(lambda: len(photos) == 5)
        write_picture(tmp_path / "more" / "later.jpg", 60)
        until(lambda: len(photos) == 6)


@pytest.mark.browser
def test_a_watch_that_waits_says_so(photos: Collection, open_page: Open) -> None:
    with stores_away() as back, Live(photos, watch=True) as address:
        until(lambda: state(address)["waiting"] == SENTENCE)
        assert not state(address)["watching"]
        page = open_page("/collection", server=address)
        expect(page.locator("#watch-note")).to_have_text(f"{SENTENCE[0].upper()}{SENTENCE[1:]}.")
        back.set()
        expect(page.locator("#watch-note")).to_contain_text("Watched:")
        assert state(address)["waiting"] is None
        page.context.close()


def test_a_server_that_does_not_watch_says_so(photos: Collection) -> None:
    with Live(photos) as address:
        assert state(address) is None


def test_a_failure_is_told_and_tried_again(
    photos: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()
    real = Collection.index

    def fails_once(self: Collection, *args: Any, **options: Any) -> Any:
        if not failed.is_set():
            failed.set()
            raise StoreError("the disk is full")
        return real(self, *args, **options)

    monkeypatch.setattr(Collection, "index", fails_once)
    errors: list[str | None] = []
    watch = Watch(photos, lambda: errors.append(watch.status().error), retry_s=0.05)
    watch.start()
    try:
        until(lambda: "the disk is full" in errors)
        until(lambda: watch.status().watching)
    finally:
        watch.close()


@pytest.mark.browser
def test_the_page_shows_what_came(open_page: Open, photos: Collection, tmp_path: Path) -> None:
    with Live(photos, watch=True) as address:
        page = open_page("/collection", server=address)
        expect(page.locator("#watch-note")).to_contain_text("Watched: what changes is indexed")
        write_picture(tmp_path / "pictures" / "new.jpg", 50)
        expect(page.locator("#watch-note")).to_contain_text("1 added")
        expect(page.locator("#collection-facts")).to_contain_text("Pictures4")
        page.goto(f"{address}/")
        expect(page.locator(".card[data-id]")).to_have_count(4)
        write_picture(tmp_path / "pictures" / "newer.jpg", 51)
        expect(page.locator(".card[data-id]")).to_have_count(5)
        page.close()  # before the server, whose stream of events it follows
