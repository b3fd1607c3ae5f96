"""Memory of `lookalike index` while a collection grows: it should not grow along.

    python -m benchmarks.index_memory [--images FOLDER] [--count 100000] [--model compact]

So many pictures, copies of those in the folder that differ in some bytes behind their end, are
indexed by a process of its own, and what it and its workers have resident is read every half
second. Beside the number of pictures that are in the collection it is printed a tenth at a time.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lookalike
from benchmarks.indexing_limit import multiply
from benchmarks.soak import resident
from benchmarks.table import print_table
from lookalike.errors import CollectionNotFoundError, StoreError

SHARED = Path(os.environ.get("LOOKALIKE_SHARED", "../shared"))


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        return [int(one) for task in tasks for one in (task / "children").read_text().split()]
    except OSError:
        return []


def stored(place: Path) -> int:
    """Pictures of the collection so far."""
    try:
        with lookalike.open(place) as photos:
            return len(photos)
    except (CollectionNotFoundError, StoreError):
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, default=SHARED / "data/intel/test")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--model", default="compact")
    args = parser.parse_args()
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as name:
        folder, place = Path(name, "pictures"), Path(name, "c")
        multiply(sorted(args.images.rglob("*.jpg")), args.count, folder)
        command = [sys.executable, "-m", "lookalike", "index", str(folder), "-c", str(place)]
        started = time.monotonic()
        with subprocess.Popen([*command, "--model", args.model], stdout=subprocess.PIPE) as run:
            most = most_workers = 0
            while run.poll() is None:
                most = max(most, resident(run.pid))
                most_workers = max(most_workers, sum(map(resident, children(run.pid))))
                done = stored(place)
                if done >= (len(rows) + 1) * args.count / 10:
                    rows.append([f"{done:,}", f"{most / 1e6:.0f}", f"{most_workers / 1e6:.0f}"])
                    most = most_workers = 0
                time.sleep(0.5)
        seconds = time.monotonic() - started
        print(f"{stored(place):,} pictures in {seconds:.0f} s")
    print_table(["pictures", "most since, MB", "its workers, MB"], rows)


if __name__ == "__main__":
    main()
