"""Compiled models in the user's cache folder: what a new process loads instead of compiling anew.

A file is named by everything that decides its content, and begins with the hash of the rest.
"""

import hashlib
import os
import tempfile
from contextlib import suppress

import msgspec

from lookalike.encoders.spec import ModelSpec

_KEPT = 8
"""Compiled models that stay; the oldest go. Each takes about as much as its model file."""


def compiled_path(
    spec: ModelSpec, runtime: str, device: str, precision: str, *, text: bool = False
) -> str:
    """Where a model compiled in this way is kept.

    Args:
        spec: the model's record.
        runtime: name and version of the runtime.
        device: everything about the processor that the result depends on.
        precision: the arithmetic.
        text: the side that takes words, not the one that takes pictures.
    """
    import platformdirs

    fed = spec.text if text else spec.input
    decides = [spec.weights, fed, spec.embedding, runtime, device, precision]
    name = hashlib.sha256(msgspec.json.encode(decides)).hexdigest()
    folder = platformdirs.user_cache_dir("lookalike", appauthor=False)
    return os.path.join(folder, "compiled", f"{name[:32]}.bin")


def read_compiled(path: str) -> bytes | None:
    """The compiled model; None where there is none, or not every bit is as it was written."""
    try:
        with open(path, "rb") as file:
            digest, data = file.read(32), file.read()
    except OSError:
        return None
    return data if hashlib.sha256(data).digest() == digest else None


def write_compiled(path: str, data: bytes) -> None:
    """Keep a compiled model; a place that cannot be written costs time, nothing else."""
    folder = os.path.dirname(path)
    with suppress(OSError):
        os.makedirs(folder, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".new", delete=False) as file:
            file.write(hashlib.sha256(data).digest())
            file.write(data)
        os.replace(file.name, path)
        kept = sorted(os.scandir(folder), key=lambda entry: entry.stat().st_mtime_ns)
        for entry in kept[:-_KEPT]:
            os.unlink(entry.path)
