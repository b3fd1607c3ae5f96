"""The drives of this machine, by the folders that they are mounted at."""

import os
import re
import string
import sys
from contextlib import suppress

_KINDS_WITHOUT_FILES = frozenset(
    b"proc sysfs cgroup cgroup2 devpts devtmpfs mqueue debugfs tracefs securityfs pstore bpf"
    b" configfs fusectl hugetlbfs autofs nsfs".split()
)


def volumes() -> list[str]:
    """Mount points, sorted; empty where they cannot be told."""
    if sys.platform == "win32":
        drives = (f"{letter}:\\" for letter in string.ascii_uppercase)
        return [drive for drive in drives if os.path.isdir(drive)]
    if sys.platform == "darwin":
        with suppress(OSError):
            return sorted(os.path.join("/Volumes", name) for name in os.listdir("/Volumes"))
        return []
    with suppress(OSError), open("/proc/self/mounts", "rb") as file:
        return sorted({point for line in file if (point := _point(line)) is not None})
    return []


def _point(line: bytes) -> str | None:
    _, point, kind, *_ = line.split(b" ")
    if kind in _KINDS_WITHOUT_FILES:
        return None
    # Blanks and the like are written as \040.
    return os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), point))
