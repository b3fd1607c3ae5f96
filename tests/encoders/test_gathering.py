"""Pictures of several callers go through the encoder together, and nobody pays for another."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lookalike.encoders.gathering import MOST, Gathering
from lookalike.errors import EncoderError
from lookalike.types import Embeddings, Pixels


def picture(value: int) -> Pixels:
    return np.full((1, 2, 2, 3), value, dtype=np.uint8)


class Slow:
    """Embeds a picture as its value; waits for `go` in its first call; refuses value 13."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.begun = threading.Event()
        self.go = threading.Event()

    def __call__(self, batch: Pixels) -> Embeddings:
        self.sizes.append(len(batch))
        self.begun.set()
        assert self.go.wait(30)
        if (batch == 13).any():
            raise EncoderError("no direction")
        return batch[:, 0, 0, :1].astype(np.float32)


def test_one_alone_is_computed_at_once() -> None:
    slow = Slow()
    slow.go.set()
    assert Gathering(slow).embed(picture(5)).tolist() == [[5]]
    assert slow.sizes == [1]


def test_all_that_wait_go_together_and_each_gets_his_own() -> None:
    slow = Slow()
    gathering = Gathering(slow)
    with ThreadPoolExecutor(40) as pool:
        first = pool.submit(gathering.embed, picture(200))
        assert slow.begun.wait(30)
        others = [pool.submit(gathering.embed, picture(value)) for value in range(20, 50)]
        while len(gathering._waiting) < 30:
            threading.Event().wait(0.01)
        slow.go.set()
        assert first.result(30).tolist() == [[200]]
        assert [other.result(30).tolist() for other in others] == [[[v]] for v in range(20, 50)]
    assert slow.sizes == [1, MOST, 30 - MOST]


def test_one_that_is_refused_costs_nobody_else() -> None:
    slow = Slow()
    gathering = Gathering(slow)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(gathering.embed, picture(1))
        assert slow.begun.wait(30)
        others = {v: pool.submit(gathering.embed, picture(v)) for v in (12, 13, 14)}
        while len(gathering._waiting) < 3:
            threading.Event().wait(0.01)
        slow.go.set()
        assert first.result(30).tolist() == [[1]]
        assert others[12].result(30).tolist() == [[12]]
        assert others[14].result(30).tolist() == [[14]]
        with pytest.raises(EncoderError, match="no direction"):
            others[13].result(30)


def test_an_unknown_error_goes_to_one_and_the_others_go_on() -> None:
    calls = []

    def embed(batch: Pixels) -> Embeddings:
        calls.append(len(batch))
        if len(calls) == 1:
            raise KeyboardInterrupt
        return batch[:, 0, 0, :1].astype(np.float32)

    gathering = Gathering(embed)
    with pytest.raises(KeyboardInterrupt):
        gathering.embed(picture(1))
    assert gathering.embed(picture(2)).tolist() == [[2]]
