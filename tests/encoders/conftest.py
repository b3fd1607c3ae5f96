from pathlib import Path

import pytest

from .models import tiny, write_model


@pytest.fixture
def tiny_folder(tmp_path: Path) -> Path:
    """A model folder with a convolution of a few kilobytes, to be changed at will."""
    return write_model(tmp_path / "tiny", tiny())
