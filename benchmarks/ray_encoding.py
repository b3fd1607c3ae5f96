"""Indexing on Ray beside the single process, on the same cores.

    python -m benchmarks.ray_encoding [--images FOLDER] [--rounds 3] [--model compact]

Once on one core, with one worker, and once on two, with two: both ways are held to these cores,
with all that belongs to them, and take turns, so that a machine whose speed drifts treats both
alike. The median of images/s counts, and of the rate over that of the single process in the same
round. The cluster and the compiled model are there before, as for a long run; each run loads the
model once a worker, and that is told apart as the time of a run over one picture.
"""

import argparse
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lookalike
from benchmarks.table import print_table

SHARED = Path(os.environ.get("LOOKALIKE_SHARED", "../shared"))


def seconds(images: Path, scratch: str, model: str, ray: str | None) -> float:
    """Wall-clock seconds of a run into a new collection."""
    place = tempfile.mkdtemp(dir=scratch)
    with lookalike.open(Path(place, "c"), model=model) as photos:
        started = time.monotonic()
        summary = photos.index(images, ray=ray)
        if summary.skipped:
            raise SystemExit(f"skipped: {summary.skipped[:3]}")
        return time.monotonic() - started


def measure(images: Path, rounds: int, model: str) -> list[list[str]]:
    """Both ways on the cores of this process: a row each."""
    import ray

    cores = len(os.sched_getaffinity(0))
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Its workers would give way to whatever else runs here, and the single process would not.
    os.environ["RAY_worker_niceness"] = str(os.nice(0))  # noqa: SIM112  as Ray spells it
    ray.init(
        address="local",
        num_cpus=cores,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.CRITICAL,
    )
    count = sum(len(files) for _, _, files in os.walk(images))
    ways = {f"one process, {cores} cores": None, f"{cores} Ray workers, {cores} cores": "auto"}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    begun: dict[str, list[float]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as scratch:
        one = Path(scratch, "one")
        one.mkdir()
        picture = next(path for path in sorted(images.rglob("*")) if path.is_file())
        (one / picture.name).write_bytes(picture.read_bytes())
        for number in range(-1, rounds):  # the first is for caches
            for name, way in ways.items():
                whole = seconds(images if number >= 0 else one, scratch, model, way)
                start = seconds(one, scratch, model, way)
                if number >= 0:
                    taken[name].append(whole)
                    begun[name].append(start)
    ray.shutdown()
    alone = next(iter(ways))
    steady = {
        name: [whole - start for whole, start in zip(taken[name], begun[name], strict=True)]
        for name in ways
    }
    return [
        [
            name.replace("1 cores", "1 core").replace("1 Ray workers", "1 Ray worker"),
            f"{count / statistics.median(taken[name]):.0f}",
            f"{statistics.median(begun[name]):.1f}",
            f"{count / statistics.median(steady[name]):.0f}",
            " / ".join(
                f"{statistics.median(a / b for a, b in zip(base, own, strict=True)):.2f}"
                for base, own in ((taken[alone], taken[name]), (steady[alone], steady[name]))
            ),
        ]
        for name in ways
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, default=SHARED / "data/intel/test")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="compact")
    parser.add_argument("--cores", type=int, help="only on so many cores")
    args = parser.parse_args()
    if args.cores is None:
        for cores in (1, 2):  # each in a process of its own: what it starts is held to its cores
            command = [sys.executable, "-m", "benchmarks.ray_encoding", *sys.argv[1:]]
            subprocess.run([*command, "--cores", str(cores)], check=True)
        return
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.cores])
    print_table(
        ["", "images/s", "start, s", "images/s without start", "of one process"],
        measure(args.images, args.rounds, args.model),
    )


if __name__ == "__main__":
    main()
