"""Disks that fail, and processes that die, at a chosen file operation.

`faults.c` is put under a child's C library. It needs Linux and a C compiler, and what needs it is
skipped with a notice elsewhere.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Literal

Fault = Literal["kill", "torn", "EIO", "ENOSPC", "nomap"]

_SOURCE = Path(__file__).with_suffix(".c")


def compiler() -> str | None:
    """The C compiler, or None where the layer cannot be used."""
    return shutil.which("cc") if sys.platform == "linux" else None


@cache
def _library(folder: str) -> str:
    made = os.path.join(folder, "faults.so")
    command = [compiler() or "cc", "-shared", "-fPIC", "-O1", "-o", made, str(_SOURCE), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return made


def layer(
    scratch: str | Path,
    under: str | Path,
    *,
    fault: Fault | None = None,
    at: int = 0,
    count: str | Path | None = None,
) -> dict[str, str]:
    """The environment of a child whose changes to files are counted, and fail at one.

    Args:
        scratch: folder for the compiled layer.
        under: only files under this folder count.
        fault: what happens at operation number `at`, which is 1-based; None only counts.
        at: the number; "nomap" has none.
        count: file that tells the number of operations after a clean end.
    """
    added = {"LD_PRELOAD": _library(str(scratch)), "FAULT_UNDER": str(under)}
    if fault is not None:
        added |= {"FAULT_DO": fault, "FAULT_AT": str(at)}
    if count is not None:
        added["FAULT_COUNT"] = str(count)
    return os.environ | added
