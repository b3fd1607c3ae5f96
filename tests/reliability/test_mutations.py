"""A small share of `python -m benchmarks.mutations`: damaged and hostile pictures."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("peak memory is asked of POSIX", allow_module_level=True)

from benchmarks import mutations

SEED = 1


def test_mutated_pictures_are_decoded_or_refused_with_a_reason() -> None:
    print(f"seed {SEED}")
    trials = mutations.run(2 * len(mutations.KINDS) * len(mutations.originals()), SEED)
    failures = [failure for trial in trials[:-1] for failure in trial.failures]
    assert failures == []
