"""Every trial of reliability in one table: kills, write errors, surroundings, mutations, a soak.

    python -m benchmarks.reliability [--seed 0] [--share 1.0]

`--share 0.1` runs a tenth of everything.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import kills, mutations, soak, surroundings, write_errors
from benchmarks.trial import print_trials


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--share", type=float, default=1.0)
    arguments = parser.parse_args()
    seed, share = arguments.seed, arguments.share
    print(f"seed {seed}\n")
    trials = []
    with tempfile.TemporaryDirectory(prefix="lookalike-reliability-") as scratch:
        places = [Path(scratch, str(number)).resolve() for number in range(4)]
        for place in places:
            place.mkdir()
        trials += kills.run(round(200 * share), seed, places[0])
        trials += write_errors.run(max(4, round(40 * share)), seed, places[1])
        trials += surroundings.run(max(1, round(5 * share)), seed, places[2])
        trials += mutations.run(round(5000 * share), seed)
        trials += soak.run(600 * share, 64, seed, places[3])
    print_trials(trials)
    sys.exit(any(trial.failures for trial in trials))


if __name__ == "__main__":
    main()
