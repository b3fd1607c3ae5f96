"""A cold `lookalike search`: the whole process, over 100,000 pictures; and the import alone.

    python -m benchmarks.cold_start [--count 100000] [--model MODEL_FOLDER] [--rounds 9]

The collection holds made vectors of the encoder's dimension. The first search of a model compiles
it; the rounds after that are what a user waits for.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import made
from benchmarks.table import print_table
from lookalike.encoders import identity, locate
from lookalike.store import LocalStore

SHARED = Path(os.environ.get("LOOKALIKE_SHARED", "../shared"))


def importing() -> float:
    """Seconds that `import lookalike` takes in a fresh process, without the interpreter's own."""
    command = [sys.executable, "-X", "importtime", "-c", "import lookalike"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = (row for row in done.stderr.splitlines() if row.endswith("| lookalike"))
    return int(line.split("|")[1]) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--model", default=str(SHARED / "models/mobilenet-edgetpu"))
    parser.add_argument("--picture", type=Path, default=None)
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    picture = args.picture or next((SHARED / "data/intel/test").rglob("*.jpg"))
    model = locate(args.model)
    dimension = model.spec.embedding.dimension
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, "collection")
        encoder = (identity(model.spec), model.source)
        made.collection(folder, made.vectors(args.count, dimension), dimension, encoder)
        with LocalStore(folder).write():
            pass
        command = [sys.executable, "-m", "lookalike", "search", str(picture), "-c", folder]
        seconds = []
        for _ in range(args.rounds + 1):
            started = time.perf_counter()
            subprocess.run([*command, "--json"], check=True, capture_output=True)
            seconds.append(time.perf_counter() - started)
        first, *others = seconds
        print_table(
            [f"whole process, {args.count:,} x {dimension}", "s"],
            [
                ["the first search of a model", f"{first:.2f}"],
                ["median", f"{statistics.median(others):.2f}"],
                ["slowest", f"{max(others):.2f}"],
                [
                    "import lookalike, median",
                    f"{statistics.median(importing() for _ in range(9)):.3f}",
                ],
            ],
        )


if __name__ == "__main__":
    main()
