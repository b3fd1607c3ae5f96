"""Decoding in processes of their own, so that a codec that crashes or hangs costs one file.

Codecs are large programs in C that read what strangers made. Inside `isolated()`, every picture is
decoded by a worker process that has no more to do with this one than two pipes; a worker that dies
or takes too long is replaced, and its file is refused with the reason.
"""

import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any

from PIL import Image

from lookalike.decode import picture
from lookalike.decode.details import Details
from lookalike.decode.picture import Picture
from lookalike.errors import DecodeError

HEAD = struct.Struct("<Qq")
"""Before each request: length of the file, and `at_least`, `WHOLE` or `DETAILS_ONLY`. Before each
answer: length of its record in JSON, and of the pixels."""

READY = b"\n"
"""What a worker says when it has started, which takes no time of its first file."""

WHOLE = -1
DETAILS_ONLY = -2

SECONDS = 60.0
"""How long one file may take."""

_WORKER = (sys.executable, "-m", "lookalike.decode.worker")
_workers: "Workers | None" = None


def decode(data: bytes, *, at_least: int | None = None) -> Picture:
    """Decode the first frame of a picture; see `lookalike.decode.picture.decode`.

    Raises:
        DecodeError: see there; inside `isolated()`, also that the decoder crashed or took too long.
    """
    if _workers is None:
        return picture.decode(data, at_least=at_least)
    return _workers.decode(data, at_least)


def details_of(data: bytes) -> Details:
    """What the file says of how it was made; see `lookalike.decode.picture.details_of`."""
    if _workers is None:
        return picture.details_of(data)
    return _workers.details_of(data)


@contextmanager
def isolated(command: Sequence[str] = _WORKER, seconds: float = SECONDS) -> Iterator[None]:
    """While inside, everything that this process reads of pictures is read by workers.

    Args:
        command: starts a worker.
        seconds: limit for each file.
    """
    global _workers  # noqa: PLW0603  one way of decoding for the whole process
    before, _workers = _workers, Workers(command, seconds)
    try:
        yield
    finally:
        _workers.close()
        _workers = before


class Workers:
    """Worker processes, as many as there are threads that decode at the same time."""

    def __init__(self, command: Sequence[str], seconds: float) -> None:
        self._command = list(command)
        self._seconds = seconds
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()

    def decode(self, data: bytes, at_least: int | None) -> Picture:
        """See `decode`."""
        if not data:
            raise DecodeError("the file is empty")
        record, pixels = self._request(data, WHOLE if at_least is None else at_least)
        if "error" in record:
            raise DecodeError(str(record["error"]))
        image = Image.frombytes("RGB", (record["size"][0], record["size"][1]), pixels)
        details = Details(record["taken"], record["camera"])
        return Picture(image, record["width"], record["height"], record["format"], details)

    def details_of(self, data: bytes) -> Details:
        """See `details_of`; a reader that crashes says nothing."""
        try:
            record, _ = self._request(data, DETAILS_ONLY)
        except DecodeError:
            return Details()
        return Details(record["taken"], record["camera"])

    def _request(self, data: bytes, wanted: int) -> tuple[dict[str, Any], bytes]:
        worker = self._take()
        late = threading.Event()

        def give_up() -> None:
            late.set()
            worker.kill()

        timer = threading.Timer(self._seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            answer = _ask(worker, data, wanted)
        except (OSError, EOFError, ValueError) as error:
            _end(worker)
            if late.is_set():
                raise DecodeError(f"decoding took over {self._seconds:.0f} seconds") from error
            raise DecodeError(f"the decoder crashed on it ({_why(worker)})") from error
        finally:
            timer.cancel()
        self._idle.put(worker)
        return answer

    def close(self) -> None:
        """End the workers that are idle; the others end with the pipes."""
        while True:
            try:
                _end(self._idle.get_nowait())
            except queue.Empty:
                return

    def _take(self) -> "subprocess.Popen[bytes]":
        with suppress(queue.Empty):
            worker = self._idle.get_nowait()
            if worker.poll() is None:
                return worker
            _end(worker)
        worker = subprocess.Popen(  # noqa: S603  our own command
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        if worker.stdout is None or worker.stdout.read(len(READY)) != READY:
            _end(worker)
            raise DecodeError(f"the decoder did not start ({_why(worker)})")
        return worker


def _ask(
    worker: "subprocess.Popen[bytes]", data: bytes, wanted: int
) -> tuple[dict[str, Any], bytes]:
    assert worker.stdin is not None  # noqa: S101  as it was started
    assert worker.stdout is not None  # noqa: S101
    worker.stdin.write(HEAD.pack(len(data), wanted))
    worker.stdin.write(data)
    worker.stdin.flush()
    record_size, pixels_size = HEAD.unpack(read_exactly(worker.stdout, HEAD.size))
    record = json.loads(read_exactly(worker.stdout, record_size))
    return record, read_exactly(worker.stdout, pixels_size)


def read_exactly(stream: IO[bytes], size: int) -> bytes:
    """So many bytes of a pipe.

    Raises:
        EOFError: it ends before.
    """
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _end(worker: "subprocess.Popen[bytes]") -> None:
    worker.kill()
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    worker.wait()


def _why(worker: "subprocess.Popen[bytes]") -> str:
    code = worker.returncode
    if code is not None and code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"
