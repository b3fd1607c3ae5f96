"""How time and memory grow with the collection: made vectors, 10^3 to 10^6, and a log-log plot.

    python -m benchmarks.growth [--most 1000000] [--dimension 512] [--plot growth.svg]

Each size is opened and searched by a process of its own. The exponents are slopes of straight lines
through the logarithms; 1 is proportional, 0 is constant.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import made
from benchmarks.table import print_table
from lookalike.store import LocalStore

_ASK = """
import json, sys, time
import numpy as np
from lookalike.store import LocalStore
started = time.perf_counter()
store = LocalStore(sys.argv[1])
queries = np.load(sys.argv[2])
store.search(queries[:1], 10)
opened = time.perf_counter() - started
times = []
for query in queries:
    started = time.perf_counter()
    store.search(query[None], 10)
    times.append(time.perf_counter() - started)
status = open("/proc/self/status").read().splitlines()
resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024
print(json.dumps([opened * 1000, float(np.median(times)) * 1000, resident]))
"""

FIGURES = ("make searchable, s", "open and first query, ms", "query, ms", "resident, MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    sizes = [10**n for n in range(3, 10) if 10**n <= args.most]
    measured = []
    with tempfile.TemporaryDirectory() as scratch:
        asked = f"{scratch}/queries.npy"
        np.save(asked, made.queries(100, args.dimension))
        for size in sizes:
            folder = f"{scratch}/{size}"
            made.collection(folder, made.vectors(size, args.dimension), args.dimension)
            store = LocalStore(folder)
            started = time.perf_counter()
            with store.write():
                pass
            built = time.perf_counter() - started
            store.close()
            run = subprocess.run(
                [sys.executable, "-c", _ASK, folder, asked],
                check=True,
                capture_output=True,
                text=True,
            )
            measured.append([built, *json.loads(run.stdout)])
    figures = np.array(measured)
    slopes = np.polyfit(np.log10(sizes), np.log10(figures), 1)[0]
    rows = [
        [f"{size:,}", *(f"{value:.2f}" for value in row)]
        for size, row in zip(sizes, figures, strict=True)
    ]
    rows.append(["exponent", *(f"{slope:.2f}" for slope in slopes)])
    print_table(["pictures", *FIGURES], rows)
    if args.plot:
        plot(sizes, figures, args.plot)


def plot(sizes: list[int], figures: np.ndarray, file: Path) -> None:
    """One line a figure, both axes logarithmic."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    chart, axes = plt.subplots(figsize=(7, 4.5))
    for name, values in zip(FIGURES, figures.T, strict=True):
        axes.loglog(sizes, values, marker="o", label=name)
    axes.set_xlabel("pictures")
    axes.legend()
    axes.grid(visible=True, which="both", alpha=0.3)
    chart.savefig(file, bbox_inches="tight")


if __name__ == "__main__":
    main()
