"""A small share of `python -m benchmarks.surroundings`: what goes on around an indexer."""

import random
import sys
import tempfile
from pathlib import Path

import pytest
from benchmarks.surroundings import TRIALS, Place
from benchmarks.trial import Trial

SEED = 5


@pytest.mark.skipif(sys.platform == "win32", reason="files in use cannot be moved there")
@pytest.mark.parametrize("what", TRIALS)
def test_it_goes_well(what: str) -> None:
    print(f"seed {SEED}")
    trial = Trial(what)
    with tempfile.TemporaryDirectory(prefix="lookalike-") as scratch:
        TRIALS[what](Place(Path(scratch).resolve(), "place"), random.Random(SEED), trial)
    assert trial.failures == []
