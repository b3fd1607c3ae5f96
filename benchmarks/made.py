"""Made vectors and collections of them: clustered and non-negative, as CNN embeddings are."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lookalike.encoders import EncoderIdentity, InputSpec
from lookalike.store import LocalStore

_BATCH = 10_000


def vectors(count: int, dimension: int, seed: int = 0) -> Iterator[NDArray[np.float16]]:
    """Batches of L2-normalised vectors, (n, dimension); the last ones serve as queries."""
    rng = np.random.default_rng(seed)
    clusters = 2000
    centres = np.maximum(rng.normal(size=(clusters, dimension)), 0).astype(np.float32)
    weights = 1 / np.arange(1, clusters + 1) ** 0.6
    basis = (rng.normal(size=(64, dimension)) / 8).astype(np.float32)
    for start in range(0, count, _BATCH):
        size = min(_BATCH, count - start)
        rows = centres[rng.choice(clusters, size, p=weights / weights.sum())]
        rows += (rng.normal(size=(size, 64)).astype(np.float32) * 0.5) @ basis
        rows += 0.35 * rng.standard_normal((size, dimension), dtype=np.float32)
        np.maximum(rows, 0, out=rows)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        yield rows.astype(np.float16)


def queries(count: int, dimension: int) -> NDArray[np.float32]:
    """Vectors of the same kind that are in no collection."""
    # The same seed, so the same clusters; the stream is taken where no collection has been.
    return np.concatenate(list(vectors(count + _BATCH, dimension, seed=0)))[-count:].astype(
        np.float32
    )


def identity(dimension: int) -> EncoderIdentity:
    """Of an encoder that nobody has."""
    pixels = InputSpec(width=224, height=224, mean=(0, 0, 0), std=(1, 1, 1))
    return EncoderIdentity(name="made", sha256="0" * 64, dimension=dimension, preprocessing=pixels)


def collection(
    folder: str,
    rows: Iterator[NDArray[np.float16]],
    dimension: int,
    encoder: tuple[EncoderIdentity, str] | None = None,
) -> None:
    """A collection of such vectors with files of likely names, and no index yet.

    `encoder` is whose vectors they pass for, and where it is.

    It is written past the writer, whose commits wait for the disk.
    """
    LocalStore.create(folder, *(encoder or (identity(dimension), ""))).close()
    connection = sqlite3.connect(os.path.join(folder, "collection.sqlite"), isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    last = 0
    for number, batch in enumerate(rows, start=1):
        ids = range(last + 1, last + 1 + len(batch))
        connection.execute("BEGIN")
        connection.execute(
            "INSERT INTO folders (id, path, device) VALUES (?, ?, 1)",
            (number, f"/home/somebody/Pictures/{2000 + number}".encode()),
        )
        connection.executemany(
            "INSERT INTO images (id, folder_id, name, size, mtime_ns, digest, width, height,"
            " format, taken, camera, details)"
            " VALUES (?, ?, ?, ?, ?, ?, 4000, 3000, 'JPEG', ?, ?, 1)",
            [
                (
                    *(i, number, b"IMG_%07d.jpg" % i, 3_000_000 + i, 10**18 + i),
                    *(hashlib.md5(b"%d" % i).digest(), 1_500_000_000 + i, "Canon EOS R6"),
                )
                for i in ids
            ],
        )
        connection.executemany(
            "INSERT INTO vectors (id, image_id, vector) VALUES (?, ?, ?)",
            [(i, i, vector.tobytes()) for i, vector in zip(ids, batch, strict=True)],
        )
        connection.execute("COMMIT")
        last += len(batch)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
