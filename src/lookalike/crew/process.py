"""A process that is one worker, spoken to through its input; see `processes.py`."""

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from typing import IO, Any

from lookalike.crew.processes import messages, send
from lookalike.crew.worker import Worker
from lookalike.errors import ClusterError, LookalikeError


def work(worker: Worker) -> None:
    """Do what the input asks for, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started us, and ends us
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a codec prints must not come between
    answering = threading.Lock()
    with ExitStack() as stack:
        # Files of one parcel are read while another one is encoded.
        reading, encoding = (stack.enter_context(ThreadPoolExecutor(1)) for _ in range(2))
        for ticket, method, given in messages(sys.stdin.buffer):
            task = partial(getattr(worker, method), *given)
            where = reading if method == "read" else encoding
            where.submit(_answer, task, ticket, answers, answering)
        # Whoever started us is gone, and what is in work is for nobody.
        signal.raise_signal(signal.SIGTERM)


def _answer(task: partial[Any], ticket: int, answers: IO[bytes], answering: threading.Lock) -> None:
    try:
        whole, answer = True, task()
    except LookalikeError as error:
        whole, answer = False, error
    except Exception as error:  # noqa: BLE001  it is told there
        whole, answer = False, ClusterError(f"a worker process failed: {error!r}")
    with answering, suppress(OSError):
        send(answers, (ticket, whole, answer))


if __name__ == "__main__":
    work(Worker(int(sys.argv[1])))
