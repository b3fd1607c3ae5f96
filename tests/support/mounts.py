"""Small drives in memory, mounted where the tests run as root on Linux."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path


@cache
def can_mount() -> bool:
    """Whether drives can be mounted here."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    done = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    return done.returncode == 0


@contextmanager
def small_drive(place: Path, kilobytes: int) -> Iterator[None]:
    """A drive of that size, mounted at `place` while inside."""
    place.mkdir(exist_ok=True)
    mount(place, kilobytes)
    try:
        yield
    finally:
        unmount(place)


def mount(place: Path, kilobytes: int) -> None:
    """Mount an empty drive."""
    options = f"size={kilobytes}k"
    _run("mount", "-t", "tmpfs", "-o", options, "lookalike-test", str(place))


def unmount(place: Path) -> None:
    """Take it away, whatever is open on it."""
    _run("umount", "-l", str(place))


def remount(place: Path, options: str) -> None:
    """Change a mounted drive: "ro", "rw" or "size=...k"."""
    _run("mount", "-o", f"remount,{options}", str(place))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
