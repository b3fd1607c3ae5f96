"""Search on a Milvus server beside the local store, over the same vectors in one run.

    python -m benchmarks.milvus [--count 100000] [--dimension 512] [--address milvus://HOST:PORT]

Tells the time of writing, and for single queries the median and the 99th percentile of the time
and recall@10 against exact search, with a filter and without. Queries take turns, so that a machine
whose speed drifts treats both alike. Without --address it starts the server of the package
`milvus`, with its data in a folder that goes afterwards.
"""

import argparse
import hashlib
import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks import made
from benchmarks.search import recall, timed
from benchmarks.table import print_table
from lookalike.store import Changes, FileRecord, LocalStore, Store
from lookalike.store.milvus import MilvusStore
from lookalike.types import Where

_QUERIES = 200
_K = 10
_BATCH = 5000
_PATIENCE_S = 400
_STEADY_S = 10
_FILTERS = {"no filter": None, "a filter that 1 in 10 fits": Where(min_width=190)}


def changes(first: int, vectors: NDArray[np.float16]) -> Changes:
    """Pictures of likely names, a thousand a folder; a tenth of them is wide."""
    put = []
    for number in range(first, first + len(vectors)):
        path = f"/pictures/{number // 1000:04d}/IMG_{number:07d}.jpg"
        digest = hashlib.blake2b(path.encode(), digest_size=16).digest()
        put.append(
            FileRecord(path, 2_000_000, 10**18, digest, 100 + 10 * (number % 10), 80, "JPEG")
        )
    full = vectors.astype(np.float32)
    full /= np.linalg.norm(full, axis=1, keepdims=True)
    return Changes(put=put, vectors=list(full))


def fill(store: Store, count: int, dimension: int) -> float:
    """Pictures written a second."""
    started, written = time.perf_counter(), 0
    with store.write() as writer:
        for rows in made.vectors(count, dimension):
            for part in np.array_split(rows, max(1, len(rows) // _BATCH)):
                writer.apply(changes(written, part))
                written += len(part)
    return count / (time.perf_counter() - started)


def settle(store: MilvusStore, count: int) -> float:
    """Seconds until the server searches by the index that it was told to make after the writing.

    It merges what it has written, and makes the index anew then: what counts is that all rows are
    loaded, once and sealed, with an index, and still are a while later.
    """
    from pymilvus.client.types import SegmentState

    started = settled = time.perf_counter()
    client, name = store._server.client, store._name
    while time.perf_counter() - started < _PATIENCE_S:
        index = client.describe_index(name, "vector")
        loaded = [each for each in client.list_loaded_segments(name) if each.num_rows]
        if not (
            index["indexed_rows"] == count == sum(each.num_rows for each in loaded)
            and not index["pending_index_rows"]
            and all(each.state == SegmentState.Sealed for each in loaded)
        ):
            settled = time.perf_counter()
        elif time.perf_counter() - settled > _STEADY_S:
            return settled - started
        time.sleep(0.5)
    raise SystemExit("the server has not made its index in time")


@contextmanager
def own_server() -> Iterator[str]:
    """A server of this machine, for the time of the context."""
    from milvus import MilvusServer

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        server = MilvusServer()
        server.set_base_dir(place)
        try:
            server.start()
            yield f"milvus://127.0.0.1:{server.listen_port}"
        finally:
            server.stop()


def measure(address: str, count: int, dimension: int) -> None:
    """Fill both stores, ask both, print."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, "collection")
        LocalStore.create(folder, made.identity(dimension), "").close()
        place = f"{address}/bench_{uuid.uuid4().hex}"
        remote = MilvusStore.create(place, made.identity(dimension), "")
        local, exact = LocalStore(folder), LocalStore(folder, recall=1)
        speed = {"local": fill(local, count, dimension), "Milvus": fill(remote, count, dimension)}
        waited = settle(remote, count)
        print_table(
            ["writing", f"{count:,} x {dimension}"],
            [
                *([f"{name}, pictures/s", f"{value:.0f}"] for name, value in speed.items()),
                ["Milvus, until its index is made, s", f"{waited:.0f}"],
            ],
        )
        queries = made.queries(_QUERIES, dimension)
        rows = []
        for label, where in _FILTERS.items():
            truth = exact.search(queries, _K, where=where).ids
            times: dict[str, list[float]] = {"local": [], "Milvus": []}
            found: dict[str, list[NDArray[np.int64]]] = {"local": [], "Milvus": []}
            for query in queries[:, None]:
                for name, store in (("local", local), ("Milvus", remote)):
                    spent, answer = timed(partial(store.search, query, _K, where=where))
                    times[name].append(spent)
                    found[name].append(answer.ids)
            for name, each in times.items():
                reached = recall(np.concatenate(found[name]), truth)
                p50, p99 = np.percentile(each, [50, 99])
                rows.append([f"{name}, {label}", f"{p50:.1f}", f"{p99:.1f}", f"{reached:.3f}"])
        print_table(["a single query", "p50, ms", "p99, ms", "recall@10"], rows)
        for store in (local, exact, remote):
            store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--address", help="a server that runs already")
    args = parser.parse_args()
    if args.address:
        measure(args.address, args.count, args.dimension)
        return
    with own_server() as address:
        measure(address, args.count, args.dimension)


if __name__ == "__main__":
    main()
