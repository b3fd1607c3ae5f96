"""Search in one large collection beside raw FAISS, in one run.

    python -m benchmarks.search [--count 1000000] [--dimension 512] [--folder FOLDER]

Tells the time from SQLite to searchable, bytes a picture, memory while serving, and the time of a
single query beside FAISS's own inverted file at the same recall@10, and of exact search beside
reading the float16 vectors once. Queries take turns, so that a machine whose speed drifts treats
all alike; medians count.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks import made
from benchmarks.table import print_table
from lookalike.store import LocalStore
from lookalike.types import Embeddings

_QUERIES = 200
_K = 10

Found = TypeVar("Found")

_SERVE = """
import sys
import numpy as np
from lookalike.store import LocalStore
store = LocalStore(sys.argv[1])
queries = np.load(sys.argv[2])
for query in queries:
    store.search(query[None], 10)
status = open("/proc/self/status").read()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))
"""


def recall(found: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """The share of the true ones, row by row."""
    return float(np.mean([np.isin(t, f).mean() for f, t in zip(found, truth, strict=True)]))


def timed(call: Callable[..., Found], *args: Any) -> tuple[float, Found]:
    """Milliseconds, and what came back."""
    started = time.perf_counter()
    found = call(*args)
    return 1000 * (time.perf_counter() - started), found


def raw_faiss(
    vectors: NDArray[np.float16], queries: Embeddings, truth: NDArray[np.int64], wanted: float
) -> Any:
    """FAISS's IVF over float16, its probes the fewest that reach the recall on these queries."""
    count, dimension = vectors.shape
    lists = round(1.5 * count**0.5)
    index: Any = faiss.index_factory(dimension, f"IVF{lists},SQfp16", faiss.METRIC_INNER_PRODUCT)
    sample = np.random.default_rng(1).choice(count, min(count, 40 * lists), replace=False)
    index.train(vectors[np.sort(sample)].astype(np.float32))
    for start in range(0, count, 50_000):
        index.add(vectors[start : start + 50_000].astype(np.float32))
    for probes in range(1, lists + 1):
        index.nprobe = probes
        if recall(index.search(queries, _K)[1] + 1, truth) >= wanted:
            break
    return index


def read_once(vectors: NDArray[np.float16], pool: ThreadPoolExecutor) -> None:
    """Touch every byte, by all cores."""
    words = vectors.view(np.uint64)
    list(pool.map(np.max, np.array_split(words, pool._max_workers)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--folder", type=Path, help="where to keep the collection for other runs")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = str(args.folder or Path(scratch) / "collection")
        queries = made.queries(_QUERIES, args.dimension)
        if not LocalStore.exists(folder):
            made.collection(folder, made.vectors(args.count, args.dimension), args.dimension)
        exact = LocalStore(folder, recall=1)
        truth = exact.search(queries, _K).ids

        store = LocalStore(folder)
        with store.write():
            started = time.perf_counter()
        built = time.perf_counter() - started
        asked = os.path.join(scratch, "queries.npy")
        np.save(asked, queries)
        served = subprocess.run(
            [sys.executable, "-c", _SERVE, folder, asked],
            check=True,
            capture_output=True,
            text=True,
        )
        print_table(
            ["a collection", f"{args.count:,} x {args.dimension}"],
            [
                ["from SQLite to searchable, s", f"{built:.1f}"],
                ["bytes a picture on disk", f"{store.size_bytes() / args.count:.0f}"],
                ["resident while serving, MB", f"{int(served.stdout) / 1024:.0f}"],
            ],
        )
        vectors = np.concatenate(list(made.vectors(args.count, args.dimension)))
        reached = recall(np.concatenate([store.search(q, _K).ids for q in queries[:, None]]), truth)
        index = raw_faiss(vectors, queries, truth, reached)
        pool = ThreadPoolExecutor(os.cpu_count() or 1)
        times: dict[str, list[float]] = {}
        found = []
        for query in queries[:, None]:
            times.setdefault("raw FAISS IVF", []).append(timed(index.search, query, _K)[0])
            took, answer = timed(store.search, query, _K)
            times.setdefault("lookalike", []).append(took)
            found.append(answer.ids[0])
        for query in queries[:20, None]:
            times.setdefault("reading float16 once", []).append(timed(read_once, vectors, pool)[0])
            times.setdefault("lookalike, exact", []).append(timed(exact.search, query, _K)[0])
        recalls = {
            "raw FAISS IVF": recall(index.search(queries, _K)[1] + 1, truth),
            "lookalike": recall(np.array(found), truth),
            "lookalike, exact": 1.0,
        }
        print()
        print_table(
            ["one query", "recall@10", "ms, median", "p10", "p90"],
            [
                [
                    name,
                    f"{recalls[name]:.3f}" if name in recalls else "",
                    *(f"{np.percentile(values, p):.2f}" for p in (50, 10, 90)),
                ]
                for name, values in times.items()
            ],
        )
        store.close()
        exact.close()


if __name__ == "__main__":
    main()
