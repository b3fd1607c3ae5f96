"""Indexing again where nothing changed: the whole process, 100,000 files.

    python -m benchmarks.unchanged [--count 100000] [--folders 100] [--model MODEL_FOLDER]

The files are empty and the collection is told that it has them: nothing of them is read anyway.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.table import print_table
from lookalike.encoders import identity, locate
from lookalike.store import Changes, FileRecord, LocalStore
from lookalike.types import Rules

SHARED = Path(os.environ.get("LOOKALIKE_SHARED", "../shared"))


def known(root: Path, count: int, folders: int) -> Changes:
    """Empty files under `root`, as a collection knows them."""
    changes = Changes(roots={str(root): Rules()})
    for number in range(count):
        folder = root / f"{number % folders:04d}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"IMG_{number:07d}.jpg"
        path.touch()
        status = path.stat()
        changes.put.append(
            FileRecord(
                path=str(path),
                size=status.st_size,
                mtime_ns=status.st_mtime_ns,
                digest=number.to_bytes(16, "big"),
                width=4000,
                height=3000,
                format="JPEG",
                details=1,
            )
        )
        changes.folders[str(folder)] = folder.stat().st_dev
    return changes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--folders", type=int, default=100)
    parser.add_argument("--model", default=str(SHARED / "models/mobilenet-edgetpu"))
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    model = locate(args.model)
    with tempfile.TemporaryDirectory() as name:
        root, folder = Path(name).resolve() / "pictures", os.path.join(name, "collection")
        changes = known(root, args.count, args.folders)
        one = np.zeros(model.spec.embedding.dimension, dtype=np.float32)
        one[0] = 1
        changes.vectors = [one] * args.count
        store = LocalStore.create(folder, identity(model.spec), model.source)
        with store.write() as writer:
            writer.apply(changes)
        store.close()
        seconds = []
        for _ in range(args.rounds):
            started = time.perf_counter()
            run = subprocess.run(
                [sys.executable, "-m", "lookalike", "index", "-c", folder, "--json"],
                check=True,
                capture_output=True,
            )
            seconds.append(time.perf_counter() - started)
            summary = json.loads(run.stdout)
            if summary["unchanged"] != args.count:
                raise SystemExit(f"it took some for changed: {summary}")
    print_table(
        ["nothing changed", "whole process, s"],
        [[f"{args.count:,} files in {args.folders} folders", f"{statistics.median(seconds):.2f}"]],
    )


if __name__ == "__main__":
    main()
