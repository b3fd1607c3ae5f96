"""Files and vectors for stores, without any picture behind them."""

import hashlib
import os

import numpy as np
from numpy.typing import NDArray

from lookalike.encoders import EncoderIdentity, identity
from lookalike.store import Changes, FileRecord, SkippedFile
from lookalike.types import Embeddings
from tests.support.model import spec_of

DIM = 24


def encoder_identity(dimension: int = DIM) -> EncoderIdentity:
    return identity(spec_of("a" * 64, dimension=dimension))


def unit(seed: int, dimension: int = DIM) -> NDArray[np.float32]:
    """A vector of length 1; another one for every seed."""
    raw = np.random.default_rng(seed).normal(size=dimension)
    return np.asarray(raw / np.linalg.norm(raw), dtype=np.float32)


def units(*seeds: int, dimension: int = DIM) -> Embeddings:
    return np.stack([unit(seed, dimension) for seed in seeds])


def record(path: str, content: int = 0, *, size: int = 100, mtime_ns: int = 10**18) -> FileRecord:
    digest = hashlib.blake2b(str(content).encode(), digest_size=16).digest()
    return FileRecord(path, size, mtime_ns, digest, 40 + content % 7, 30, "JPEG")


def put(*files: tuple[str, int], dimension: int = DIM) -> Changes:
    """Pictures by path; the number stands for the content, and is the seed of its vector."""
    return Changes(
        put=[record(path, content) for path, content in files],
        vectors=[unit(content, dimension) for _, content in files],
        folders={os.path.dirname(path): 1 for path, _ in files},
    )


def skip(path: str, reason: str = "it is damaged") -> SkippedFile:
    return SkippedFile(path, 10, 20, "reader 1", reason)
