"""A process that reads the pictures that its input brings; see `lookalike.decode.isolate`."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict

from lookalike.decode.isolate import HEAD, READY, Record, read_exactly
from lookalike.decode.media import decode, details_of, frames, scan
from lookalike.decode.picture import MAX_BYTES, Picture
from lookalike.errors import LookalikeError
from lookalike.source import FilmFile, Media


def work() -> None:
    """Decode until the input ends."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a codec prints must not come between
    answers.write(READY)
    answers.flush()
    while head := requests.read(HEAD.size):
        record_size, size = HEAD.unpack(head)
        wanted: Record = json.loads(read_exactly(requests, record_size))
        data = read_exactly(requests, size)
        media: Media = data if wanted["path"] is None else FilmFile(wanted["path"])
        for record, pixels in told(media, wanted):
            encoded = json.dumps(record).encode()
            answers.write(HEAD.pack(len(encoded), len(pixels)))
            answers.write(encoded)
            answers.write(pixels)
            answers.flush()


def told(media: Media, wanted: Record) -> Iterator[tuple[Record, bytes]]:
    """The answers to a request, records with pixels; all but the last say that there is more."""
    try:
        if wanted["do"] == "frames":
            for ms, picture in frames(media, wanted["times"], wanted["at_least"]):
                record, pixels = _of(picture)
                yield {**record, "frame": ms, "more": True}, pixels
            yield {"more": False}, b""
        elif wanted["do"] == "decode":
            record, pixels = _of(decode(media, at_least=wanted["at_least"], frame=wanted["frame"]))
            yield {**record, "more": False}, pixels
        elif wanted["do"] == "scan":
            yield {**asdict(scan(media)), "more": False}, b""
        else:
            yield {"details": asdict(details_of(media)), "more": False}, b""
    except LookalikeError as error:
        yield {"error": str(error), "more": False}, b""


def _of(picture: Picture) -> tuple[Record, bytes]:
    record: Record = {
        "size": picture.image.size,
        "width": picture.width,
        "height": picture.height,
        "format": picture.format,
        "details": asdict(picture.details),
    }
    return record, picture.image.tobytes()


def limit_memory() -> None:
    """Let the system refuse what no picture within the pixel budget needs."""
    try:
        import resource
    except ImportError:  # no such limits on this system
        return
    most = 4 * MAX_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    limit_memory()
    work()
