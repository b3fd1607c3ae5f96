"""Pictures of several callers through the encoder together.

There are a few lanes, in each of which a batch is computed. While all are taken, whoever comes
waits; then those that wait go as the next batches. Nobody waits for company: a picture that comes
while a lane is free is computed at once.
"""

import threading
from collections import deque
from collections.abc import Callable

import numpy as np

from lookalike.errors import EncoderError
from lookalike.types import Embeddings, Pixels

MOST = 16
"""Pictures of one batch; more than this at a time gain next to nothing."""


class _Caller:
    """One who asks: his pictures, and then their embeddings or the error.

    Attributes:
        turn: set when there is an answer, or else a lane for him.
    """

    def __init__(self, batch: Pixels) -> None:
        self.batch = batch
        self.answer: Embeddings | EncoderError | None = None
        self.turn = threading.Event()


class Gathering:
    """Calls `embed` with the pictures of all callers that wait, as many batches at a time as lanes.

    Args:
        embed: takes a batch, and whether it is alone: no other one is computed when it begins.
        lanes: how many threads may be in `embed` at a time.
    """

    def __init__(self, embed: Callable[[Pixels, bool], Embeddings], lanes: int = 1) -> None:
        self._embed = embed
        self._lanes = lanes
        self._free = lanes
        self._waiting: deque[_Caller] = deque()
        self._lock = threading.Lock()

    def embed(self, batch: Pixels) -> Embeddings:
        """The embeddings of these pictures, (n, dimension).

        Raises:
            EncoderError: these pictures, whatever others there were, cannot be embedded.
        """
        me = _Caller(batch)
        with self._lock:
            if self._free:
                self._free -= 1
                me.turn.set()
            else:
                self._waiting.append(me)
        me.turn.wait()
        if me.answer is None:
            callers, alone = self._gather(me)
            try:
                self._compute(callers, alone)
            finally:
                # An unknown error goes to the one who computes; the others go on waiting.
                self._pass_on([one for one in callers if one.answer is None and one is not me])
        assert me.answer is not None  # noqa: S101  as it was computed
        if isinstance(me.answer, EncoderError):
            raise me.answer
        return me.answer

    def _gather(self, me: _Caller) -> tuple[list[_Caller], bool]:
        """The callers of the next batch, and whether it is alone."""
        callers, count = [me], len(me.batch)
        with self._lock:
            # The others are for the lanes that are free next.
            share = -(-len(self._waiting) // self._lanes)
            while share and count + len(self._waiting[0].batch) <= MOST:
                callers.append(self._waiting.popleft())
                count += len(callers[-1].batch)
                share -= 1
            return callers, self._free == self._lanes - 1 and len(callers) == 1

    def _pass_on(self, unanswered: list[_Caller]) -> None:
        """Give the lane to who has waited longest."""
        with self._lock:
            self._waiting.extendleft(reversed(unanswered))
            if self._waiting:
                self._waiting.popleft().turn.set()
            else:
                self._free += 1

    def _compute(self, callers: list[_Caller], alone: bool) -> None:
        try:
            found = self._embed(np.concatenate([caller.batch for caller in callers]), alone)
        except EncoderError as error:
            if len(callers) == 1:
                _answer(callers[0], error)
                return
            # One that the encoder cannot take must not cost the others.
            for caller in callers:
                self._compute([caller], alone)
            return
        start = 0
        for caller in callers:
            _answer(caller, found[start : start + len(caller.batch)])
            start += len(caller.batch)


def _answer(caller: _Caller, answer: Embeddings | EncoderError) -> None:
    caller.answer = answer
    caller.turn.set()
