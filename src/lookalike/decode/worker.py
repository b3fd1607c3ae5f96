"""A process that reads the pictures that its input brings; see `lookalike.decode.isolate`."""

import json
import os
import sys

from lookalike.decode.isolate import DETAILS_ONLY, HEAD, READY, WHOLE, read_exactly
from lookalike.decode.picture import MAX_BYTES, decode, details_of
from lookalike.errors import DecodeError


def work() -> None:
    """Decode until the input ends."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a codec prints must not come between
    answers.write(READY)
    answers.flush()
    while head := requests.read(HEAD.size):
        size, wanted = HEAD.unpack(head)
        record, pixels = answer(read_exactly(requests, size), wanted)
        encoded = json.dumps(record).encode()
        answers.write(HEAD.pack(len(encoded), len(pixels)))
        answers.write(encoded)
        answers.write(pixels)
        answers.flush()


def answer(data: bytes, wanted: int) -> tuple[dict[str, object], bytes]:
    """The record and the pixels for one file; `wanted` is as in `HEAD`."""
    if wanted == DETAILS_ONLY:
        details = details_of(data)
        return {"taken": details.taken, "camera": details.camera}, b""
    try:
        picture = decode(data, at_least=None if wanted == WHOLE else wanted)
    except DecodeError as error:
        return {"error": str(error)}, b""
    record: dict[str, object] = {
        "size": picture.image.size,
        "width": picture.width,
        "height": picture.height,
        "format": picture.format,
        "taken": picture.details.taken,
        "camera": picture.details.camera,
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
