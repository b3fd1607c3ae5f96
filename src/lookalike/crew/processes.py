"""Processes of this machine as the workers of a crew.

Threads of one Python take turns, and an encoder that computes in many threads waits for the last of
them; a process a core does neither.
"""

import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import IO, Any

from lookalike.crew.staff import Answer, Share, WorkerDied, split
from lookalike.crew.worker import READERS
from lookalike.encoders import Encoder, ModelSpec, cores

HEAD = struct.Struct("<Q")
"""Before each message: its length."""

_COMMAND = (sys.executable, "-m", "lookalike.crew.process")


@dataclass(frozen=True, slots=True)
class ModelHere:
    """The model of an encoder of this machine, by its path."""

    spec: ModelSpec
    file: str
    runtime: str
    precision: str

    def unpack(self, *, threads: int, gpu: bool) -> Encoder:  # noqa: ARG002  see `Model`
        """See `Model`."""
        return Encoder(
            self.spec, self.file, runtime=self.runtime, precision=self.precision, threads=threads
        )


@dataclass(slots=True, eq=False)
class _Process:
    """A worker process.

    Attributes:
        popen: it.
        open: tickets that it has not answered; None once it is known to have ended.
    """

    popen: "subprocess.Popen[bytes]"
    open: set[int] | None = field(default_factory=set)


class Processes:
    """Worker processes of this machine; see `Staff`.

    Args:
        encoder: every worker loads its model, in the precision that it has settled on.
        command: starts a worker.
    """

    name = "worker process"
    where_to_look = "run `lookalike index` again; nothing that was written is lost"
    unseen_film = "it changed while it was read"

    def __init__(self, encoder: Encoder, command: Sequence[str] = _COMMAND) -> None:
        self._model = ModelHere(
            encoder.spec, encoder.file, encoder.runtime_asked, encoder.precision
        )
        self._command = list(command)
        self._numbers = count()
        self._lock = threading.Lock()
        self._answered: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._answers: dict[int, tuple[bool, Answer]] = {}

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def shares(self) -> list[Share]:
        """See `Staff`."""
        return split(cores())

    def hire(self, share: Share) -> _Process:
        """See `Staff`."""
        process = _Process(
            subprocess.Popen(  # noqa: S603  our own command
                [*self._command, str(share.cpus)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        )
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()
        return process

    def begin(self, worker: _Process, share: Share) -> int:  # noqa: ARG002  see `Staff`
        """See `Staff`."""
        return self.ask(worker, "set_up", self._model, READERS, False)

    def ask(self, worker: _Process, method: str, *given: object) -> int:
        """See `Staff`."""
        ticket = next(self._numbers)
        with self._lock:
            if worker.open is None:
                self._keep(ticket, False, WorkerDied(_why(worker.popen)))
                return ticket
            worker.open.add(ticket)
        assert worker.popen.stdin is not None  # noqa: S101  as it was started
        with suppress(OSError, ValueError):  # it has died, and `_listen` says so
            send(worker.popen.stdin, (ticket, method, given))
        return ticket

    def answered(self, tickets: Sequence[int], patience_s: float) -> list[int]:
        """See `Staff`."""
        found: list[int] = []
        with suppress(queue.Empty):
            if tickets:
                found.append(self._answered.get(timeout=patience_s or None, block=patience_s > 0))
            while True:
                found.append(self._answered.get_nowait())
        return found

    def answer(self, ticket: int) -> Answer:
        """See `Staff`."""
        with self._lock:
            whole, answer = self._answers.pop(ticket)
        if not whole:
            raise answer
        return answer

    def dismiss(self, worker: _Process) -> None:
        """See `Staff`."""
        worker.popen.kill()
        worker.popen.wait()

    def _listen(self, worker: _Process) -> None:
        """Take what a worker answers, until it ends."""
        process = worker.popen
        assert process.stdin is not None  # noqa: S101  as it was started
        assert process.stdout is not None  # noqa: S101  the same
        with process.stdout as answers:
            for ticket, whole, answer in messages(answers):
                with self._lock:
                    if worker.open:
                        worker.open.discard(ticket)
                    self._keep(ticket, whole, answer)
        process.kill()  # what cannot be understood has no more to say
        process.wait()
        with suppress(OSError):  # what it has not taken is lost
            process.stdin.close()
        with self._lock:
            unanswered, worker.open = worker.open or set(), None
            for ticket in unanswered:
                self._keep(ticket, False, WorkerDied(_why(process)))

    def _keep(self, ticket: int, whole: bool, answer: Answer) -> None:
        self._answers[ticket] = whole, answer
        self._answered.put(ticket)


def send(stream: IO[bytes], message: object) -> None:
    """Write a message, whole, to a pipe between two processes of ours.

    Raises:
        OSError: the other end is gone.
    """
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    stream.write(HEAD.pack(len(data)))
    stream.write(data)
    stream.flush()


def messages(stream: IO[bytes]) -> Iterator[Any]:
    """The messages of a pipe, until the other end is gone."""
    while len(head := stream.read(HEAD.size)) == HEAD.size:
        [size] = HEAD.unpack(head)
        data = stream.read(size)
        if len(data) < size:
            return
        yield pickle.loads(data)  # noqa: S301  from a process that we have started


def _why(process: "subprocess.Popen[bytes]") -> str:
    code = process.returncode
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"it was ended by {signal.Signals(-code).name}"
    return f"it ended with exit code {code}"
