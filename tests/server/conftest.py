"""A small real collection, a client of its server, and a browser."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from fastapi.testclient import TestClient
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

import lookalike
from lookalike import Collection
from lookalike.server import Policy, create_app
from tests.server.albums import EACH, write_albums
from tests.server.browser import DESKTOP, Open, Watch
from tests.support.two_towers import write_colours, write_two_towers

expect.set_options(timeout=60_000)  # a machine may be busy; what is so is seen at once

PICTURES = 90
WORDED = 6  # pictures of each colour
COLOURS = ["crimson", "seagreen", "royalblue", "goldenrod", "mediumorchid", "slategray"]
SIZES = [(240, 160), (160, 240), (200, 200), (420, 120)]


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of several shapes, in groups of one colour."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(7)
    for number in range(PICTURES):
        width, height = SIZES[number % len(SIZES)]
        picture = Image.new("RGB", (width, height), COLOURS[number % len(COLOURS)])
        draw = ImageDraw.Draw(picture)
        for _ in range(6):
            x, y = int(random.integers(0, width)), int(random.integers(0, height))
            r = int(random.integers(8, 60))
            shade = tuple(int(value) for value in random.integers(0, 256, 3))
            draw.ellipse((x - r, y - r, x + r, y + r), fill=shade)
        picture.save(folder / f"picture {number:02}.{'png' if number % 3 else 'jpg'}")
    (folder / "picture 01.png").rename(folder / "ünïcode & 'quotes' #1.png")
    return folder


@pytest.fixture(scope="session")
def collection(
    tiny_model: Path, gallery: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collection]:
    """The gallery, indexed."""
    with lookalike.open(tmp_path_factory.mktemp("collection") / "c", model=tiny_model) as photos:
        assert photos.index(gallery).added == PICTURES
        yield photos


@pytest.fixture(scope="session")
def worded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Red, green and blue pictures, and an encoder that takes words for them."""
    folder = tmp_path_factory.mktemp("words")
    write_colours(folder / "pictures", WORDED)
    model = write_two_towers(folder / "model")
    with lookalike.open(folder / "c", model=model) as photos:
        photos.index(folder / "pictures")
        yield photos


@pytest.fixture
def albums(tiny_model: Path, tmp_path: Path) -> Iterator[Collection]:
    """Pictures of three folders, two cameras and three days, indexed; each test has its own."""
    write_albums(tmp_path / "albums")
    with lookalike.open(tmp_path / "collection of albums", model=tiny_model) as photos:
        assert photos.index(tmp_path / "albums").added == 3 * EACH + 1
        yield photos


@pytest.fixture
def albums_address(albums: Collection) -> Iterator[str]:
    """Where they are served."""
    with Live(albums) as served:
        yield served


@pytest.fixture
def albums_client(albums: Collection) -> Iterator[TestClient]:
    """A client of them."""
    with TestClient(create_app(albums), base_url="http://localhost:8765") as answered:
        yield answered


@pytest.fixture
def client(collection: Collection) -> Iterator[TestClient]:
    """A client on this machine. Errors of the server come back as answers, as over the network."""
    app = create_app(collection)
    with TestClient(
        app, base_url="http://localhost:8765", raise_server_exceptions=False
    ) as answered:
        yield answered


class Live:
    """A server on a free port of this machine, in a thread."""

    def __init__(
        self, *photos: Collection, policy: Policy | None = None, watch: bool = False
    ) -> None:
        config = uvicorn.Config(
            create_app(*photos, policy=policy, watch=watch),
            port=0,
            log_config=None,
            ws="none",
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> str:
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.02)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)


@pytest.fixture(scope="session")
def address(collection: Collection) -> Iterator[str]:
    """Where the collection is served."""
    with Live(collection) as served:
        yield served


@pytest.fixture
def query(tmp_path: Path) -> Path:
    """A picture that is not in the collection, nearly all of the first colour."""
    path = tmp_path / "my query.jpg"
    picture = Image.new("RGB", (300, 200), COLOURS[0])
    ImageDraw.Draw(picture).ellipse((40, 40, 90, 90), fill="white")
    picture.save(path)
    return path


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
        density: float = 1,
        camera: bool = False,
        expected: tuple[int, ...] = (),
        server: str = address,
    ) -> Page:
        context = chromium.new_context(
            viewport=viewport,
            device_scale_factor=density,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if still else "no-preference",
            has_touch=touch,
            is_mobile=touch,
            permissions=["camera"] if camera else [],
        )
        context.set_default_timeout(60_000)
        watch = watch_of[context] = Watch(context, server)
        watch.expected |= set(expected)
        page = context.new_page()
        page.goto(server + path)
        return page

    return opened
