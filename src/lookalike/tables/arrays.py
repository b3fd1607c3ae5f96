"""Embeddings as NumPy arrays: an .npz file, for `numpy.load`."""

import tempfile
import zipfile
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from lookalike.errors import ExportError
from lookalike.tables.table import Table


def write_npz(out: BinaryIO, table: Table) -> int:
    """Write three arrays of n rows, in one order; returns n.

    `ids` (n,) int64; `paths` (n,) text; `embeddings` (n, dimension) float32, L2-normalised.
    Embeddings go through a scratch file, so that memory holds a batch of them.

    Raises:
        ExportError: the table has no embeddings.
    """
    if not table.has_vectors:
        raise ExportError(".npz is for embeddings: end the name in .csv, .jsonl or .parquet")
    ids: list[int] = []
    paths: list[str] = []
    with tempfile.TemporaryFile() as scratch:
        for rows in table.batches:
            ids += [row["id"] for row in rows]
            paths += [row["path"] for row in rows]
            scratch.write(b"".join(row["embedding"].astype("<f4").tobytes() for row in rows))
        scratch.seek(0)
        with zipfile.ZipFile(out, "w") as archive:
            _write(archive, "ids", np.array(ids, dtype=np.int64))
            _write(archive, "paths", np.array(paths, dtype=np.str_))
            with archive.open("embeddings.npy", "w", force_zip64=True) as file:
                header = {
                    "descr": "<f4",
                    "fortran_order": False,
                    "shape": (len(ids), table.dimension),
                }
                npy.write_array_header_1_0(file, header)
                while part := scratch.read(1 << 22):
                    file.write(part)
    return len(ids)


def _write(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        npy.write_array(file, array, allow_pickle=False)
