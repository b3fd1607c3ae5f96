import os
from pathlib import Path

import pytest

from .models import tiny, write_model


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test measures of precision stays out of the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def shared() -> str:
    """The shared data and model; tests that need them are skipped, visibly, where they are not."""
    path = os.path.abspath(os.environ.get("LOOKALIKE_SHARED", "../shared"))
    if not os.path.isdir(os.path.join(path, "models")):
        pytest.skip(f"no shared data at {path} (LOOKALIKE_SHARED)")
    return path


@pytest.fixture(scope="session")
def mobilenet(shared: str) -> str:
    """The shared MobileNet's model folder."""
    return os.path.join(shared, "models", "mobilenet-edgetpu")


@pytest.fixture
def tiny_folder(tmp_path: Path) -> Path:
    """A model folder with a convolution of a few kilobytes."""
    return write_model(tmp_path / "tiny", tiny())
