"""Files to embeddings, and what that costs: decoding in threads while the encoder works."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lookalike.decode import decode
from lookalike.encoders import Encoder
from lookalike.errors import (
    DecodeError,
    EncoderError,
    ModelSpecError,
    RuntimeUnavailableError,
    SourceError,
)
from lookalike.source import content_digest, read_file
from lookalike.types import Embeddings, Pixels, Skipped

BATCH = 16
WORKERS = min(8, os.cpu_count() or 1)
_AHEAD = 3
"""Batches that are decoded while one is encoded."""

Count: TypeAlias = Callable[[int], None]
"""Told how many pictures more are dealt with."""

_Read: TypeAlias = tuple[Pixels, bytes] | str
"""A prepared picture and its content's hash, or the reason why there is none."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The files of a folder under one encoder.

    Attributes:
        vectors: (n, dimension) float32, of length 1; zero where there is none.
        digests: n content hashes; empty where the file cannot be used.
        skipped: n entries, None where the file can be used.
        encode_seconds: time inside the encoder; compiling the model is not in it.
        seconds: wall-clock time, reading and decoding included, compiling not.
    """

    vectors: Embeddings
    digests: list[bytes]
    skipped: list[Skipped | None]
    encode_seconds: float
    seconds: float

    @property
    def usable(self) -> NDArray[np.bool_]:
        """(n,): which files have an embedding."""
        return np.array([skip is None for skip in self.skipped], np.bool_)


def embed_files(paths: Sequence[str], encoder: Encoder, count: Count) -> Embedded:
    """Read, decode, prepare and embed files; a bad one costs itself only.

    Raises:
        ModelSpecError, RuntimeUnavailableError: the encoder cannot be used.
        EncoderError: it works for none of the pictures.
    """
    vectors = np.zeros((len(paths), encoder.dimension), np.float32)
    digests = [b""] * len(paths)
    skipped: list[Skipped | None] = [None] * len(paths)
    encode_seconds, done = 0.0, 0
    began: float | None = None
    refused: EncoderError | None = None
    for batch in _batches(paths, encoder):
        rows, pixels = [], []
        for row, read in enumerate(batch, start=done):
            if isinstance(read, str):
                skipped[row] = Skipped(paths[row], read)
            else:
                rows.append(row)
                pixels.append(read[0])
                digests[row] = read[1]
        if began is None and rows:
            embed_each(pixels, encoder)  # compiles
            began = time.perf_counter()
        start = time.perf_counter()
        results = embed_each(pixels, encoder)
        encode_seconds += time.perf_counter() - start
        for row, result in zip(rows, results, strict=True):
            if isinstance(result, EncoderError):
                skipped[row], refused = Skipped(paths[row], str(result)), result
            else:
                vectors[row] = result
        done += len(batch)
        count(len(batch))
    if refused is not None and not vectors.any():
        raise refused
    seconds = 0.0 if began is None else time.perf_counter() - began
    return Embedded(vectors, digests, skipped, encode_seconds, seconds)


def embed_each(
    pixels: Sequence[Pixels], encoder: Encoder
) -> list[NDArray[np.float32] | EncoderError]:
    """Embed a batch; where that fails, one by one, so that one picture costs itself only.

    Raises:
        ModelSpecError, RuntimeUnavailableError: the encoder cannot be used at all.
    """
    if not pixels:
        return []
    try:
        return list(encoder.embed(np.stack(pixels)))
    except (ModelSpecError, RuntimeUnavailableError):
        raise
    except EncoderError as error:
        if len(pixels) == 1:
            return [error]
        return [embed_each([one], encoder)[0] for one in pixels]


def _batches(paths: Sequence[str], encoder: Encoder) -> Iterator[list[_Read]]:
    def read(path: str) -> _Read:
        try:
            data = read_file(path)
            picture = decode(data, at_least=encoder.decode_hint)
        except (SourceError, DecodeError) as error:
            return str(error)
        return encoder.prepare(picture), content_digest(data)

    remaining = iter(paths)
    running: deque[list[Future[_Read]]] = deque()
    with ThreadPoolExecutor(WORKERS, "decode") as pool:
        while True:
            while len(running) <= _AHEAD and (chunk := list(islice(remaining, BATCH))):
                running.append([pool.submit(read, path) for path in chunk])
            if not running:
                return
            yield [future.result() for future in running.popleft()]
