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
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import IO, Any

from PIL import Image

from lookalike.decode import media as in_process
from lookalike.decode.details import Details
from lookalike.decode.film import SECONDS as SCAN_SECONDS
from lookalike.decode.media import Scan
from lookalike.decode.picture import Picture
from lookalike.errors import DecodeError
from lookalike.source import Media

HEAD = struct.Struct("<QQ")
"""Before each request: length of its record in JSON, and of the file. Before each answer: length of
its record, and of the pixels."""

READY = b"\n"
"""What a worker says when it has started, which takes no time of its first file."""

SECONDS = 60.0
"""How long one file may take, or one frame of it."""

_SCAN_SECONDS = 2 * SCAN_SECONDS
"""How long the search for the frames of a film may take besides; it looks at the clock itself."""

Record = dict[str, Any]
"""What goes to and fro as JSON."""

_WORKER = (sys.executable, "-m", "lookalike.decode.worker")
_workers: "Workers | None" = None


def decode(media: Media, *, at_least: int | None = None, frame: int | None = None) -> Picture:
    """Decode a picture, or one frame of a film; see `lookalike.decode.media.decode`.

    Raises:
        DecodeError: see there; inside `isolated()`, also that the decoder crashed or took too long.
    """
    if _workers is None:
        return in_process.decode(media, at_least=at_least, frame=frame)
    return _workers.decode(media, at_least, frame)


def scan(media: Media) -> Scan:
    """Look through a file for the frames that stand for it; see `lookalike.decode.media.scan`.

    Raises:
        DecodeError: see `decode`.
    """
    if _workers is None or in_process.is_still(media):
        return in_process.scan(media)
    return _workers.scan(media)


def frames(
    media: Media, times: Sequence[int], at_least: int | None = None
) -> Iterator[tuple[int, Picture]]:
    """What a film shows at these moments; see `lookalike.decode.media.frames`.

    Raises:
        DecodeError: see `decode`.
    """
    if _workers is None:
        return in_process.frames(media, times, at_least)
    return _workers.frames(media, times, at_least)


def details_of(media: Media) -> Details:
    """What the file says of how it was made; see `lookalike.decode.media.details_of`."""
    if _workers is None:
        return in_process.details_of(media)
    return _workers.details_of(media)


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


def is_isolated() -> bool:
    """Whether this process is inside `isolated()`."""
    return _workers is not None


class Workers:
    """Worker processes, as many as there are threads that decode at the same time."""

    def __init__(self, command: Sequence[str], seconds: float) -> None:
        self._command = list(command)
        self._seconds = seconds
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()

    def decode(self, media: Media, at_least: int | None, frame: int | None) -> Picture:
        """See `decode`."""
        wanted: Record = {"do": "decode", "at_least": at_least, "frame": frame}
        with closing(self._answers(media, wanted, self._seconds)) as answers:
            return _picture(*_checked(next(answers)))

    def scan(self, media: Media) -> Scan:
        """See `scan`."""
        seconds = self._seconds + _SCAN_SECONDS
        with closing(self._answers(media, {"do": "scan"}, seconds)) as answers:
            record, _ = _checked(next(answers))
        return Scan(tuple(record["frames"]), _details(record))

    def frames(
        self, media: Media, times: Sequence[int], at_least: int | None
    ) -> Iterator[tuple[int, Picture]]:
        """See `frames`."""
        wanted: Record = {"do": "frames", "at_least": at_least, "times": list(times)}
        with closing(self._answers(media, wanted, self._seconds)) as answers:
            for answer in answers:
                record, pixels = _checked(answer)
                yield record["frame"], _picture(record, pixels)

    def details_of(self, media: Media) -> Details:
        """See `details_of`; a reader that crashes says nothing."""
        try:
            with closing(self._answers(media, {"do": "details"}, self._seconds)) as answers:
                record, _ = next(answers)
        except DecodeError:
            return Details()
        return _details(record)

    def _answers(
        self, media: Media, wanted: Record, seconds: float
    ) -> Generator[tuple[Record, bytes]]:
        """What a worker answers, up to its last answer; each has so many seconds.

        One that is left before its last answer is ended.
        """
        worker = self._take()
        whole = False
        try:
            more = True
            while more:
                late = threading.Event()
                timer = threading.Timer(seconds, _give_up, (worker, late))
                timer.daemon = True
                timer.start()
                try:
                    if wanted:
                        _ask(worker, media, wanted)
                        wanted = {}
                    record, pixels = _answer(worker)
                except (OSError, EOFError, ValueError) as error:
                    _end(worker)
                    if late.is_set():
                        raise DecodeError(f"decoding took over {seconds:.0f} seconds") from error
                    raise DecodeError(f"the decoder crashed on it ({_why(worker)})") from error
                finally:
                    timer.cancel()
                more = bool(record.pop("more"))
                whole = not more
                if record:
                    yield record, pixels
        finally:
            if whole:
                self._idle.put(worker)
            else:
                _end(worker)

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


def _give_up(worker: "subprocess.Popen[bytes]", late: threading.Event) -> None:
    late.set()
    worker.kill()


def _ask(worker: "subprocess.Popen[bytes]", media: Media, wanted: Record) -> None:
    assert worker.stdin is not None  # noqa: S101  as it was started
    data = media if isinstance(media, bytes) else b""
    path = None if isinstance(media, bytes) else media.path
    record = json.dumps({**wanted, "path": path}).encode("ascii")
    worker.stdin.write(HEAD.pack(len(record), len(data)))
    worker.stdin.write(record)
    worker.stdin.write(data)
    worker.stdin.flush()


def _answer(worker: "subprocess.Popen[bytes]") -> tuple[Record, bytes]:
    assert worker.stdout is not None  # noqa: S101  as it was started
    record_size, pixels_size = HEAD.unpack(read_exactly(worker.stdout, HEAD.size))
    record = json.loads(read_exactly(worker.stdout, record_size))
    return record, read_exactly(worker.stdout, pixels_size)


def _checked(answer: tuple[Record, bytes]) -> tuple[Record, bytes]:
    if "error" in answer[0]:
        raise DecodeError(str(answer[0]["error"]))
    return answer


def _picture(record: Record, pixels: bytes) -> Picture:
    image = Image.frombytes("RGB", (record["size"][0], record["size"][1]), pixels)
    size = record["width"], record["height"]
    return Picture(image, *size, record["format"], _details(record))


def _details(record: Record) -> Details:
    told = record["details"]
    return Details(told["taken"], told["camera"], tuple(told["keywords"]))


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
