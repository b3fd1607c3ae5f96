"""Other embedded vector stores beside ours: time to build, time a query, recall, disk.

    python -m benchmarks.peers [--count 100000] [--dimension 512] [--only usearch,lancedb,...]

Each peer is its public package in an environment of its own that this script makes; each is tuned
by its main knob to the least effort that reaches recall@10 of 0.98, and asked one query at a time
from a process of its own. Ours is timed from SQLite to searchable, and its scores are exact.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np

from benchmarks import made
from benchmarks.table import print_table
from lookalike.store import LocalStore

PACKAGES = {
    "usearch": ["usearch"],
    "lancedb": ["lancedb"],
    "milvus-lite": ["pymilvus", "milvus-lite"],
    "zvec": ["zvec"],
}
_QUERIES = 100


def environment(name: str, place: Path) -> Path:
    """A Python with one peer in it."""
    folder = place / name
    if not folder.exists():
        venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "numpy", *PACKAGES[name]]
    subprocess.run(command, check=True)
    return python


def ours(folder: str, queries: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """The figures of our own store."""
    store = LocalStore(folder)
    started = time.perf_counter()
    with store.write():
        pass
    store.search(queries[:1], 10)
    built = time.perf_counter() - started
    times, right = [], []
    for query, row in zip(queries[:, None], truth, strict=True):
        started = time.perf_counter()
        found = store.search(query, 10)
        times.append(time.perf_counter() - started)
        right.append(np.isin(row, found.ids[0]).mean())
    megabytes = store.size_bytes() / 1e6
    store.close()
    return {
        "build": built,
        "ms": float(np.median(times)) * 1000,
        "recall": float(np.mean(right)),
        "megabytes": megabytes,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--only", default=",".join(PACKAGES))
    parser.add_argument("--environments", type=Path, help="where to keep them for other runs")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder = str(scratch / "collection")
        made.collection(folder, made.vectors(args.count, args.dimension), args.dimension)
        queries = made.queries(_QUERIES, args.dimension)
        exact = LocalStore(folder, recall=1)
        truth = exact.search(queries, 10).ids
        exact.close()
        np.save(scratch / "queries.npy", queries)
        np.save(scratch / "truth.npy", truth - 1)
        vectors = np.concatenate(list(made.vectors(args.count, args.dimension)))
        np.save(scratch / "vectors.npy", vectors.astype(np.float32))
        results = {"lookalike": ours(folder, queries, truth)}
        for peer in args.only.split(","):
            try:
                python = environment(peer, args.environments or scratch)
                run = subprocess.run(
                    [str(python), str(Path(__file__).with_name("peer.py")), peer, str(scratch)],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                results[peer] = json.loads(run.stdout.splitlines()[-1])
            except subprocess.CalledProcessError as error:
                print(f"{peer} did not run: {(error.stderr or str(error))[-300:]}", file=sys.stderr)
    print_table(
        [f"{args.count:,} x {args.dimension}", "build, s", "ms a query", "recall@10", "disk, MB"],
        [
            [
                peer,
                f"{row['build']:.1f}",
                f"{row['ms']:.2f}",
                f"{row['recall']:.3f}",
                f"{row['megabytes']:.0f}",
            ]
            for peer, row in results.items()
        ],
    )


if __name__ == "__main__":
    main()
