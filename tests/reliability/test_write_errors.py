"""A small share of `python -m benchmarks.write_errors`: disks that are full, read-only, failing."""

import tempfile
from pathlib import Path

from benchmarks import write_errors

SEED = 3


def test_disks_that_fail_cost_one_clear_error_and_no_picture() -> None:
    print(f"seed {SEED}")
    with tempfile.TemporaryDirectory(prefix="lookalike-") as scratch:
        trials = write_errors.run(4, SEED, Path(scratch).resolve())
    assert [failure for trial in trials for failure in trial.failures] == []
    assert all(trial.tried or trial.note.startswith("needs") for trial in trials)
