"""A process that decodes what its standard input brings; see `lookalike.decode.isolate`."""

import json
import os
import sys

from lookalike.decode.isolate import HEAD, read_exactly
from lookalike.decode.picture import MAX_BYTES, decode
from lookalike.errors import DecodeError


def work() -> None:
    """Decode until the input ends."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a codec prints must not come between
    while head := requests.read(HEAD.size):
        size, at_least = HEAD.unpack(head)
        data = read_exactly(requests, size)
        pixels = b""
        try:
            picture = decode(data, at_least=None if at_least < 0 else at_least)
        except DecodeError as error:
            record: dict[str, object] = {"error": str(error)}
        else:
            pixels = picture.image.tobytes()
            record = {
                "size": picture.image.size,
                "width": picture.width,
                "height": picture.height,
                "format": picture.format,
                "taken": picture.details.taken,
                "camera": picture.details.camera,
            }
        encoded = json.dumps(record).encode()
        answers.write(HEAD.pack(len(encoded), len(pixels)))
        answers.write(encoded)
        answers.write(pixels)
        answers.flush()


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
