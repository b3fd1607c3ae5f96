"""A small share of `python -m benchmarks.kills`: SIGKILL at seeded random moments."""

import sys
import tempfile
from pathlib import Path

import pytest
from benchmarks import kills

SEED = 8


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is sent")
def test_kills_at_random_moments_lose_and_double_nothing() -> None:
    print(f"seed {SEED}")
    with tempfile.TemporaryDirectory(prefix="lookalike-") as scratch:
        trials = kills.run(len(kills.OPERATIONS), SEED, Path(scratch).resolve())
    assert [failure for trial in trials for failure in trial.failures] == []
    assert [trial.tried for trial in trials] == [1] * len(kills.OPERATIONS)
