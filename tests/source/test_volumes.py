"""The drives of this machine."""

import sys
from pathlib import Path

import pytest

from lookalike.source import volumes
from tests.support.mounts import can_mount, small_drive


def test_a_machine_has_drives() -> None:
    assert volumes() == sorted(volumes())
    assert all(isinstance(place, str) for place in volumes())
    if sys.platform == "linux":
        assert "/" in volumes()
        assert "/proc" not in volumes()


@pytest.mark.skipif(not can_mount(), reason="needs the right to mount")
def test_a_drive_that_comes_is_listed_until_it_goes(tmp_path: Path) -> None:
    place = tmp_path / "a drive"
    with small_drive(place, 64):
        assert str(place) in volumes()
    assert str(place) not in volumes()
