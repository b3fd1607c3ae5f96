"""Fixtures that every test may use."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.chromium import CHROMIUM, chromium
from tests.support.model import make_model
from tests.support.pictures import write_gallery

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared data and models; what needs it is skipped where it is absent."""
    place = Path(os.environ.get("LOOKALIKE_SHARED", PROJECT.parent / "shared")).resolve()
    if not (place / "design.md").is_file():
        pytest.skip(f"no shared data at {place}; set LOOKALIKE_SHARED to its folder")
    return place


@pytest.fixture(scope="session")
def mobilenet(shared: Path) -> Path:
    """The shared model's folder."""
    place = shared / "models" / "mobilenet-edgetpu"
    if not (place / "model.onnx").is_file():
        pytest.skip(f"no shared model at {place}")
    return place


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with a small real encoder, made here."""
    return make_model(tmp_path_factory.mktemp("tiny-model"))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of 40 small pictures in three folders."""
    folder = tmp_path / "pictures"
    write_gallery(folder, 40)
    return folder


@pytest.fixture(scope="session", name="chromium")
def _chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    with chromium() as browser:
        yield browser


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the user's own caches and collections, nor does its child."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        patch.setenv("XDG_DATA_HOME", str(home / "data"))
        patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            patch.delenv(name, raising=False)
            patch.delenv(name.lower(), raising=False)
        yield
