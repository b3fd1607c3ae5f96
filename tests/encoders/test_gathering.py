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
        self.alone: list[bool] = []
        self.begun = threading.Event()
        self.go = threading.Event()

    def __call__(self, batch: Pixels, alone: bool) -> Embeddings:
        self.sizes.append(len(batch))
        self.alone.append(alone)
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
    assert slow.alone == [True]


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


def test_what_waits_is_shared_out_among_the_lanes() -> None:
    slow = Slow()
    gathering = Gathering(slow, lanes=2)
    with ThreadPoolExecutor(40) as pool:
        first = [pool.submit(gathering.embed, picture(value)) for value in (200, 201)]
        while len(slow.sizes) < 2:  # nobody waits while a lane is free
            threading.Event().wait(0.01)
        others = [pool.submit(gathering.embed, picture(value)) for value in range(20, 30)]
        while len(gathering._waiting) < 10:
            threading.Event().wait(0.01)
        slow.go.set()
        assert [one.result(30).tolist() for one in first] == [[[200]], [[201]]]
        assert [other.result(30).tolist() for other in others] == [[[v]] for v in range(20, 30)]
    # The one whose turn it is, and half of the others: nine, or eight if the other lane was quick.
    assert slow.sizes[:2] == [1, 1]
    assert slow.sizes[2] in (5, 6)
    assert sum(slow.sizes) == 12
    assert slow.alone[:3] == [True, False, False]
    assert gathering.embed(picture(7)).tolist() == [[7]]
    assert slow.alone[-1]  # both lanes are free again


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

    slow = Slow()

    def embed(batch: Pixels, alone: bool) -> Embeddings:
        calls.append(len(batch))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return slow(batch, alone)

    gathering = Gathering(embed)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(gathering.embed, picture(1))
        assert slow.begun.wait(30)
        others = [pool.submit(gathering.embed, picture(value)) for value in (2, 3, 4)]
        while len(gathering._waiting) < 3:
            threading.Event().wait(0.01)
        slow.go.set()
        assert first.result(30).tolist() == [[1]]
        ends = [other.exception(30) for other in others]
        found = [other.result().tolist() for other in others if other.exception() is None]
    assert [type(end) for end in ends if end is not None] == [KeyboardInterrupt]
    assert len(found) == 2
    assert sum(calls) == 1 + 3 + 2
