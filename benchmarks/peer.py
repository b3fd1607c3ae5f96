"""One peer, in its own environment, which has nothing of ours: `python peer.py NAME FOLDER`.

FOLDER has vectors.npy, queries.npy and truth.npy (row numbers). Prints one JSON object.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

Search = Callable[[Any], list[int]]
TARGET = 0.98
EFFORTS = (8, 16, 32, 64, 128, 256, 512)


def usearch(folder: Path, vectors: Any) -> Iterator[tuple[float, Search]]:
    from usearch.index import Index

    started = time.perf_counter()
    index = Index(ndim=vectors.shape[1], metric="ip", dtype="f16")
    index.add(np.arange(len(vectors)), vectors)
    index.save(str(folder / "usearch.index"))
    built = time.perf_counter() - started
    for effort in EFFORTS:
        index.expansion_search = effort
        yield built, lambda query: [int(key) for key in index.search(query, 10).keys]


def lancedb(folder: Path, vectors: Any) -> Iterator[tuple[float, Search]]:
    import lancedb as peer
    import pyarrow as pa

    started = time.perf_counter()
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    data = pa.table({"id": pa.array(np.arange(len(vectors))), "vector": column})
    table = peer.connect(str(folder / "lance")).create_table("vectors", data)
    table.create_index(metric="dot", num_partitions=316, num_sub_vectors=vectors.shape[1] // 8)
    built = time.perf_counter() - started
    for effort in EFFORTS:

        def search(query: Any, probes: int = effort) -> list[int]:
            asked = table.search(query).metric("dot").nprobes(min(316, probes)).refine_factor(10)
            return [int(i) for i in asked.limit(10).select(["id"]).to_arrow()["id"].to_pylist()]

        yield built, search


def milvus_lite(folder: Path, vectors: Any) -> Iterator[tuple[float, Search]]:
    from pymilvus import MilvusClient

    started = time.perf_counter()
    client = MilvusClient(str(folder / "milvus.db"))
    client.create_collection("vectors", dimension=vectors.shape[1], metric_type="IP")
    for start in range(0, len(vectors), 5000):
        rows = vectors[start : start + 5000]
        client.insert("vectors", [{"id": start + n, "vector": row} for n, row in enumerate(rows)])
    built = time.perf_counter() - started
    for effort in EFFORTS:

        def search(query: Any, probes: int = effort) -> list[int]:
            options = {"params": {"nprobe": probes, "ef": probes}}
            found = client.search("vectors", [query.tolist()], limit=10, search_params=options)
            return [int(hit["id"]) for hit in found[0]]

        yield built, search


def zvec(folder: Path, vectors: Any) -> Iterator[tuple[float, Search]]:
    import zvec as peer

    started = time.perf_counter()
    schema = peer.CollectionSchema(
        name="vectors",
        vectors=peer.VectorSchema(
            "vector",
            peer.DataType.VECTOR_FP32,
            vectors.shape[1],
            index_param=peer.HnswIndexParam(metric_type=peer.MetricType.IP),
        ),
    )
    collection = peer.create_and_open(path=str(folder / "zvec"), schema=schema)
    for start in range(0, len(vectors), 1000):
        rows = vectors[start : start + 1000]
        collection.insert(
            [peer.Doc(id=str(start + n), vectors={"vector": row}) for n, row in enumerate(rows)]
        )
    collection.optimize()
    built = time.perf_counter() - started
    for effort in EFFORTS:

        def search(query: Any, ef: int = effort) -> list[int]:
            asked = peer.VectorQuery("vector", vector=query, param=peer.HnswQueryParam(ef=ef))
            return [int(doc.id) for doc in collection.query(asked, topk=10)]

        yield built, search


PEERS = {"usearch": usearch, "lancedb": lancedb, "milvus-lite": milvus_lite, "zvec": zvec}


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    vectors = np.load(folder / "vectors.npy")
    queries, truth = np.load(folder / "queries.npy"), np.load(folder / "truth.npy")
    before = size(folder)
    result: dict[str, float] = {}
    for built, search in PEERS[name](folder, vectors):
        times, right = [], []
        for query, row in zip(queries, truth, strict=True):
            started = time.perf_counter()
            found = search(query)
            times.append(time.perf_counter() - started)
            right.append(float(np.isin(row, found).mean()))
        result = {
            "build": built,
            "ms": 1000 * float(np.median(times)),
            "recall": float(np.mean(right)),
            "megabytes": (size(folder) - before) / 1e6,
        }
        if result["recall"] >= TARGET:
            break
    print(json.dumps(result))


def size(folder: Path) -> int:
    """Bytes of all files below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
