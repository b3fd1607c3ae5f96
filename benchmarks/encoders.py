"""Images a second of encoders beside one another, in turn, on every runtime and precision here.

    python -m benchmarks.encoders MODEL MODEL ... [--batch 32] [--rounds 9]

The first model is what the others are compared with. Only the encoder is timed, on pixels that are
prepared already; `lookalike evaluate` times the whole way.
"""

import argparse
import statistics
import time

import numpy as np

from benchmarks.table import print_table
from lookalike.encoders import load
from lookalike.encoders.runtimes import available, choose


def main() -> None:
    parser = argparse.ArgumentParser(description="Images a second of encoders.")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    rows = []
    for runtime in available():
        for precision in reversed(choose(runtime).precisions()):
            encoders = [load(m, runtime=runtime, precision=precision) for m in given.models]
            batches = [
                rng.integers(
                    0,
                    256,
                    (given.batch, e.spec.input.height, e.spec.input.width, 3),
                    dtype=np.uint8,
                )
                for e in encoders
            ]
            seconds: list[list[float]] = [[] for _ in encoders]
            for turn in range(given.rounds + 1):
                for encoder, batch, taken in zip(encoders, batches, seconds, strict=True):
                    started = time.perf_counter()
                    encoder.embed(batch)
                    if turn:  # the first compiles
                        taken.append(time.perf_counter() - started)
            for encoder, taken in zip(encoders, seconds, strict=True):
                pairs = zip(seconds[0], taken, strict=True)
                ratio = statistics.median(first / own for first, own in pairs)
                rate = given.batch / statistics.median(taken)
                name = encoder.spec.name
                rows.append([runtime, precision, name, f"{rate:.0f}", f"{ratio:.2f}x"])
    print_table(["runtime", "precision", "encoder", "images/s, median", "over the first"], rows)


if __name__ == "__main__":
    main()
