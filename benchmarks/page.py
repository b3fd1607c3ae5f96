"""The page over 20,000 real pictures, by the browser's own clock and performance marks.

    python -m benchmarks.page --cache FOLDER [--count 20000] [--images FOLDER]

Pictures are those of `--images`, and cuts, mirror images and other exposures of them. They, and the
collection of them, are made once in `--cache`. The server is a process of its own; it and the
browser share the machine with whatever else runs there, so the load is printed too.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import numpy as np
from PIL import Image, ImageEnhance, ImageOps
from playwright.sync_api import Browser, Page
from tests.server.browser import DESKTOP, drop, transfer
from tests.support.chromium import chromium

from benchmarks.serving import SHARED, serve
from benchmarks.table import print_table

DROPS = 20
MAPS = 5
STEPS = (2000, 200)  # in a rush, and looking

_SCROLL = """
async (step) => {
    const frames = [];
    let blank = new Map(), worst = 0, before = performance.now(), now = before;
    const look = () => {
        now = performance.now();
        frames.push(now - before);
        before = now;
        const still = new Map();
        for (const cell of document.querySelectorAll("#grid li")) {
            const {top, bottom} = cell.getBoundingClientRect();
            const at = cell.dataset.at, image = cell.querySelector("img");
            const seen = bottom > 0 && top < innerHeight;
            if (!seen || (image?.complete && image.naturalWidth)) continue;
            still.set(at, blank.get(at) ?? now);
            worst = Math.max(worst, now - still.get(at));
        }
        blank = still;
    };
    const frame = () => new Promise(requestAnimationFrame);
    const bottom = () => scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
    const began = performance.now();
    while (!bottom()) {
        scrollBy(0, step);
        await frame();
        look();
    }
    const took = performance.now() - began;
    while (blank.size && worst < 10000) {
        await frame();
        look();
    }
    frames.sort((a, b) => a - b);
    return {took, worst, left: blank.size, frame: frames[Math.floor(frames.length * 0.95)]};
}
"""
"""Scrolls to the end by so many pixels a frame, and watches each cell that is seen."""

_ZOOM = """
async () => {
    const canvas = document.querySelector("#map-canvas"), frames = [];
    const {left, top, width, height} = canvas.getBoundingClientRect();
    let before = performance.now();
    for (let turn = 0; turn < 90; turn++) {
        canvas.dispatchEvent(new WheelEvent("wheel", {
            deltaY: turn < 60 ? -60 : 120, cancelable: true,
            clientX: left + width * 0.4, clientY: top + height * 0.45,
        }));
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - before);
        before = now;
    }
    frames.sort((a, b) => a - b);
    return frames[Math.floor(frames.length * 0.95)];
}
"""
"""Zooms in and out again; milliseconds of a slow frame."""


def changed(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """A cut of the picture, perhaps mirrored, in another light."""
    share = random.uniform(0.6, 0.95)
    width, height = int(picture.width * share), int(picture.height * share)
    left = int(random.integers(0, picture.width - width + 1))
    top = int(random.integers(0, picture.height - height + 1))
    cut = picture.crop((left, top, left + width, top + height)).resize(picture.size)
    if random.random() < 0.5:
        cut = ImageOps.mirror(cut)
    return ImageEnhance.Brightness(cut).enhance(random.uniform(0.7, 1.3))


def make(images: Path, cache: Path, count: int) -> tuple[Path, list[Path]]:
    """The collection, made where it is not there yet, and pictures to drop that are not in it."""
    gallery, asked = cache / "pictures", cache / "asked"
    collection = cache / "collection"
    if not (cache / "made").is_file():
        originals = sorted(images.rglob("*.jpg"))
        if not originals:
            raise SystemExit(f"there are no .jpg files in {images}: name others with --images")
        random = np.random.default_rng(0)
        for number in range(count + DROPS):
            inside = number < count
            folder = gallery / f"{number // 1000:02}" if inside else asked
            folder.mkdir(parents=True, exist_ok=True)
            with Image.open(originals[number % len(originals)]) as opened:
                picture = opened.convert("RGB")
            fresh = inside and number < len(originals)
            (picture if fresh else changed(picture, random)).save(
                folder / f"{number:05}.jpg", quality=88
            )
        command = [sys.executable, "-m", "lookalike", "index", str(gallery), "-c", str(collection)]
        subprocess.run(command, check=True)
        (cache / "made").touch()
    return collection, sorted(asked.iterdir())


def first_results(browser: Browser, address: str, asked: list[Path]) -> list[float]:
    """Milliseconds from each drop to the first result on screen."""
    page = browser.new_page(viewport=DESKTOP)
    page.goto(address)
    took = []
    for path in asked:
        page.wait_for_load_state("networkidle")
        data = transfer(page, path)
        page.evaluate("performance.clearMarks()")
        drop(page, data)
        page.wait_for_function("() => performance.getEntriesByName('first-result').length > 0")
        took.append(_between(page, "dropped", "first-result"))
    page.close()
    return took[len(took) // 4 :]  # the first ones warm the server


def _between(page: Page, start: str, end: str) -> float:
    return float(
        page.evaluate(
            """([start, end]) => performance.getEntriesByName(end).at(-1).startTime
                - performance.getEntriesByName(start).at(-1).startTime""",
            [start, end],
        )
    )


def maps(browser: Browser, address: str) -> tuple[list[float], list[float]]:
    """Milliseconds from opening the map until it can be moved, and of a slow frame of its zoom."""
    ready, frames = [], []
    for _ in range(MAPS):
        context = browser.new_context(viewport=DESKTOP)  # each with an empty cache
        page = context.new_page()
        page.goto(f"{address}map")
        page.wait_for_function("() => performance.getEntriesByName('map-interactive').length > 0")
        ready.append(
            float(page.evaluate("performance.getEntriesByName('map-interactive')[0].startTime"))
        )
        page.wait_for_function("() => performance.getEntriesByName('map-drawn').length > 0")
        frames.append(float(page.evaluate(_ZOOM)))
        context.close()
    return ready, frames


def scroll(browser: Browser, address: str, step: int) -> dict[str, float]:
    """All results of a search from top to bottom."""
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.goto(f"{address}?like=1")
    page.wait_for_load_state("networkidle")
    found: dict[str, float] = page.evaluate(_SCROLL, step)
    context.close()
    return found


def wait_for_map(address: str) -> float:
    """Seconds that the server took to lay out the map; a moment where it is kept from before."""
    began = time.perf_counter()
    while True:
        answer = httpx2.get(f"{address}api/map", timeout=60)
        if answer.status_code == 200 and answer.json()["current"]:
            sheets = answer.json()["cells"]["sheets"]
            break
        time.sleep(0.5)
    for number in range(sheets):
        while httpx2.get(f"{address}api/map/sheets/{number}", timeout=60).status_code != 200:
            time.sleep(0.5)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--images", type=Path, default=SHARED / "data/intel")
    args = parser.parse_args()
    collection, asked = make(args.images, args.cache, args.count)
    process, address = serve(str(collection))
    try:
        laid_out = wait_for_map(address)
        print(f"map and sheets made, or found, in {laid_out:.1f} s\n", flush=True)
        with chromium() as browser:
            drops = first_results(browser, address, asked)
            ready, frames = maps(browser, address)
            load = f"load {os.getloadavg()[0]:.1f}"
            print_table(
                [f"{args.count:,} pictures, {load}", "median", "worst", "bar"],
                [
                    ["drop to first results, ms", _median(drops), f"{max(drops):.0f}", "300"],
                    ["map interactive, ms", _median(ready), f"{max(ready):.0f}", "2000"],
                    ["a slow frame of its zoom, ms", _median(frames), f"{max(frames):.0f}", ""],
                ],
            )
            print(flush=True)
            for step in STEPS:
                found = scroll(browser, address, step)
                print_table(
                    [f"all results at {step:,} pixels a frame", ""],
                    [
                        ["seconds", f"{found['took'] / 1000:.0f}"],
                        ["a slow frame, ms", f"{found['frame']:.0f}"],
                        ["longest blank while seen, ms", f"{found['worst']:.0f}"],
                        ["blank cells that stay", f"{found['left']:.0f}"],
                    ],
                )
                print(flush=True)
    finally:
        process.terminate()
        process.wait()


def _median(values: list[float]) -> str:
    return f"{statistics.median(values):.0f}"


if __name__ == "__main__":
    main()
