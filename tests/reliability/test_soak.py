"""A short `python -m benchmarks.soak`: many clients of a real server, most of them unpleasant."""

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from benchmarks import soak

SEED = 2


@pytest.mark.skipif(sys.platform == "win32", reason="the server is stopped by SIGINT")
def test_no_server_error_and_every_good_request_right() -> None:
    print(f"seed {SEED}")
    # In a thread of its own: the browser of other tests keeps an event loop in this one.
    with (
        tempfile.TemporaryDirectory(prefix="lookalike-") as scratch,
        ThreadPoolExecutor(1) as pool,
    ):
        load, _ = pool.submit(soak.run, 6, 16, SEED, Path(scratch).resolve()).result()
    assert load.failures == []
    assert load.tried > 0
