"""`lookalike` and Python as real processes, as a user starts them."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

ON_ONE_CORE = """
import os
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
"""
"""Python to begin with, where a process has to take its time, however large the machine."""

_HEED_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
"""As at a terminal: tests that run in the background inherit that Ctrl-C is ignored."""

_MAIN = "from lookalike.cli import main; main()"


def start(args: Sequence[object], prelude: str = "") -> subprocess.Popen[bytes]:
    """Start `lookalike` with its streams in pipes; `prelude` is Python that runs before it."""
    return subprocess.Popen(
        [sys.executable, "-c", f"{_HEED_CTRL_C}\n{prelude}\n{_MAIN}", *map(_text, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(
    *args: object, stdin: bytes = b"", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run `lookalike` to its end."""
    return subprocess.run(
        [sys.executable, "-c", _MAIN, *map(_text, args)],
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
    )


def run_json(*args: object, stdin: bytes = b"") -> dict[str, Any]:
    """Run `lookalike ... --json`, which has to succeed, and read its one object."""
    done = run(*args, "--json", stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b"", f"progress or warnings where nobody watches: {done.stderr!r}"
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def python(code: str, *args: object) -> subprocess.CompletedProcess[str]:
    """Run a piece of Python in a process of its own; it has to succeed."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(_text, args)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def _text(value: object) -> str:
    return os.fsdecode(value) if isinstance(value, bytes) else str(value)
