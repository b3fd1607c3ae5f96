"""Pictures of several callers through the encoder together.

While one batch is computed, whoever comes waits; then all that wait go as the next batch. Nobody
waits for company: a picture that comes alone is computed at once, and one that does not waits for
at most the batch under way and those before it.
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
    """One who waits: his pictures, and then their embeddings or the error."""

    def __init__(self, batch: Pixels) -> None:
        self.batch = batch
        self.answer: Embeddings | EncoderError | None = None


class Gathering:
    """Calls `embed` with the pictures of all callers that wait, one batch at a time."""

    def __init__(self, embed: Callable[[Pixels], Embeddings]) -> None:
        self._embed = embed
        self._waiting: deque[_Caller] = deque()
        self._computing = threading.Lock()

    def embed(self, batch: Pixels) -> Embeddings:
        """The embeddings of these pictures, (n, dimension).

        Raises:
            EncoderError: these pictures, whatever others there were, cannot be embedded.
        """
        me = _Caller(batch)
        self._waiting.append(me)
        while me.answer is None:
            # Whoever gets the lock computes for all that wait.
            with self._computing:
                if me.answer is None:
                    self._compute(self._next(), me)
        if isinstance(me.answer, EncoderError):
            raise me.answer
        return me.answer

    def _next(self) -> list[_Caller]:
        callers = [self._waiting.popleft()]
        count = len(callers[0].batch)
        while self._waiting and count + len(self._waiting[0].batch) <= MOST:
            callers.append(self._waiting.popleft())
            count += len(callers[-1].batch)
        return callers

    def _compute(self, callers: list[_Caller], me: _Caller) -> None:
        try:
            found = self._embed(np.concatenate([caller.batch for caller in callers]))
        except EncoderError as error:
            if len(callers) == 1:
                callers[0].answer = error
                return
            # One that the encoder cannot take must not cost the others.
            for caller in callers:
                self._compute([caller], me)
            return
        except BaseException:
            # It goes to the one who computes; the others go on waiting.
            self._waiting.extendleft(c for c in reversed(callers) if c is not me)
            raise
        start = 0
        for caller in callers:
            caller.answer = found[start : start + len(caller.batch)]
            start += len(caller.batch)
