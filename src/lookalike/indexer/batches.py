"""Batches through the encoder: in a thread of their own, one runs while the next one fills."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from lookalike.decode import READER
from lookalike.encoders import Encoder
from lookalike.errors import EncoderError, ModelSpecError, RuntimeUnavailableError
from lookalike.indexer.candidates import TRY_AGAIN
from lookalike.indexer.prepare import Encodable, Refused
from lookalike.store import FileRecord, SkippedFile

_IN_FLIGHT = 2

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Fresh:
    """A picture with its new embedding, (dimension,) float32; the rest as in `Encodable`."""

    file: FileRecord
    vector: NDArray[np.float32]
    known: tuple[int, ...]


Embedded = Fresh | Refused


class AtOnce(Executor):
    """Does what it is given when it is given it."""

    def submit(
        self, task: Callable[_Given, _Result], /, *given: _Given.args, **named: _Given.kwargs
    ) -> Future[_Result]:
        """The result, or what was raised, of a call that has ended."""
        future: Future[_Result] = Future()
        try:
            future.set_result(task(*given, **named))
        except BaseException as error:  # noqa: BLE001  as of any other executor, told by `result`
            future.set_exception(error)
        return future


class Encoding:
    """Collects pictures and gives back embeddings, in the order of arrival.

    Args:
        encoder: embeds them.
        batch: how many at once.
        proven: whether it is known that the encoder works, so that a picture is at fault.
        overlapping: whether a thread of its own runs the encoder, or whoever calls.
    """

    def __init__(
        self, encoder: Encoder, batch: int, *, proven: bool = False, overlapping: bool = True
    ) -> None:
        self._encoder = encoder
        self._size = batch
        self._filling: list[Encodable] = []
        self._running: deque[Future[list[Embedded]]] = deque()
        self._thread: Executor = ThreadPoolExecutor(1, "encode") if overlapping else AtOnce()
        self._worked = proven

    def __enter__(self) -> "Encoding":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def add(self, picture: Encodable) -> list[Embedded]:
        """Take one more picture; returns what has been finished meanwhile.

        Raises:
            EncoderError: the encoder does not work at all.
        """
        self._filling.append(picture)
        if len(self._filling) >= self._size:
            self._submit()
        finished: list[Embedded] = []
        while self._running and (len(self._running) > _IN_FLIGHT or self._running[0].done()):
            finished += self._running.popleft().result()
        return finished

    def drain(self) -> list[Embedded]:
        """Finish everything that was added.

        Raises:
            EncoderError: the encoder does not work at all.
        """
        self._submit()
        finished: list[Embedded] = []
        while self._running:
            finished += self._running.popleft().result()
        return finished

    def _submit(self) -> None:
        if self._filling:
            self._running.append(self._thread.submit(self._embed, self._filling))
            self._filling = []

    def _embed(self, pictures: list[Encodable]) -> list[Embedded]:
        try:
            vectors = self._encoder.embed(np.stack([picture.pixels for picture in pictures]))
        except (ModelSpecError, RuntimeUnavailableError):
            raise
        except EncoderError as error:
            if len(pictures) == 1:
                return [_refused(pictures[0], str(error))]
            return self._embed_one_by_one(pictures, error)
        self._worked = True
        return [
            Fresh(picture.file, vector, picture.known)
            for picture, vector in zip(pictures, vectors, strict=True)
        ]

    def _embed_one_by_one(self, pictures: list[Encodable], error: EncoderError) -> list[Embedded]:
        """One picture that the encoder cannot take must not cost the others of its batch."""
        results = [result for picture in pictures for result in self._embed([picture])]
        if not self._worked:
            raise error
        return results


def _refused(picture: Encodable, reason: str) -> Refused:
    file = picture.file
    return Refused(SkippedFile(file.path, TRY_AGAIN, file.mtime_ns, READER, reason))
