"""Indexing on Ray beside the single process, on the same cores; and what the driver can take.

    python -m benchmarks.ray_encoding [--images FOLDER] [--rounds 5] [--model compact]

One process, one Ray worker with all cores, and one worker a core take turns, so that a machine
whose speed drifts treats all alike; the median of images/s counts, and of the rate over that of
the single process in the same round. The cluster and its workers' compiled models are there
before, as for a long run; each run loads the model once a worker, and that is told apart as the
time of a run over nothing.
"""

import argparse
import logging
import os
import statistics
import tempfile
import time
from pathlib import Path

import lookalike
from benchmarks.table import print_table
from lookalike.indexer import cores

SHARED = Path(os.environ.get("LOOKALIKE_SHARED", "../shared"))


def seconds(images: Path, scratch: str, model: str, worker_cpus: int | None) -> float:
    """Wall-clock seconds of a run into a new collection; `worker_cpus` None is without Ray."""
    place = tempfile.mkdtemp(dir=scratch)
    with lookalike.open(Path(place, "c"), model=model) as photos:
        started = time.monotonic()
        ray = None if worker_cpus is None else "auto"
        summary = photos.index(images, ray=ray, worker_cpus=worker_cpus)
        if summary.skipped:
            raise SystemExit(f"skipped: {summary.skipped[:3]}")
        return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, default=SHARED / "data/intel/test")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", default="compact")
    args = parser.parse_args()
    import ray

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(
        address="local",
        num_cpus=cores(),
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.CRITICAL,
    )
    count = sum(len(files) for _, _, files in os.walk(args.images))
    ways = {
        "one process": None,
        f"1 Ray worker, {cores()} cores": cores(),
        f"{cores()} Ray workers, 1 core each": 1,
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    begun: dict[str, list[float]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as scratch:
        one = Path(scratch, "one")
        one.mkdir()
        picture = next(path for path in sorted(args.images.rglob("*")) if path.is_file())
        (one / picture.name).write_bytes(picture.read_bytes())
        for number in range(-1, args.rounds):  # the first is for caches
            for name, cpus in ways.items():
                whole = seconds(args.images, scratch, args.model, cpus)
                start = seconds(one, scratch, args.model, cpus)
                if number >= 0:
                    taken[name].append(whole)
                    begun[name].append(start)
    alone = taken["one process"]
    steady = {
        name: [whole - start for whole, start in zip(taken[name], begun[name], strict=True)]
        for name in ways
    }
    print_table(
        [f"{count} pictures", "images/s", "start, s", "images/s without start", "of one process"],
        [
            [
                name,
                f"{count / statistics.median(taken[name]):.0f}",
                f"{statistics.median(begun[name]):.1f}",
                f"{count / statistics.median(steady[name]):.0f}",
                " / ".join(
                    f"{statistics.median(a / b for a, b in zip(base, own, strict=True)):.2f}"
                    for base, own in ((alone, taken[name]), (steady["one process"], steady[name]))
                ),
            ]
            for name in ways
        ],
    )
    ray.shutdown()


if __name__ == "__main__":
    main()
