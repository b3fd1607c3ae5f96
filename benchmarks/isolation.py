"""What `--isolate` costs: an index run with and without, in turns; in time and in work.

    python -m benchmarks.isolation [--count 300] [--rounds 3]

Two kinds of pictures, drawn here: 640 x 480, and 12 megapixels (a tenth as many). The encoder is
the bundled one. Milliseconds are those of all processors together, the start of the workers
included: unlike images/s, they hardly depend on what else the machine does.
"""

import argparse
import resource
import statistics
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tests.support.pictures import encoded

import lookalike
from benchmarks.table import print_table
from lookalike.decode import isolated


def write_pictures(folder: Path, count: int, width: int, height: int) -> Path:
    """So many JPEGs of that size."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.jpg").write_bytes(encoded(number, "JPEG", width, height))
    return folder


@dataclass(frozen=True, slots=True)
class Run:
    """One index run.

    Attributes:
        rate: images/s.
        work: CPU milliseconds a picture, of this process and its workers.
    """

    rate: float
    work: float


def cpu() -> float:
    """CPU seconds of this process and of those that it has started and seen end."""
    mine, theirs = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


def run(pictures: Path, scratch: Path, *, isolate: bool) -> Run:
    """Index into a new collection, with a model that is compiled already."""
    with (
        tempfile.TemporaryDirectory(dir=scratch) as place,
        lookalike.open(Path(place, "c")) as photos,
    ):
        spec = photos.encoder.spec.input
        photos.encoder.embed(np.full((1, spec.height, spec.width, 3), 128, np.uint8))
        started = cpu()
        with isolated() if isolate else nullcontext():
            summary = photos.index(pictures)
        return Run(summary.added / summary.seconds, 1000 * (cpu() - started) / summary.added)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="lookalike-isolation-") as folder:
        scratch = Path(folder)
        for name, count, size in (
            ("640 x 480", arguments.count, (640, 480)),
            ("4000 x 3000", max(4, arguments.count // 10), (4000, 3000)),
        ):
            pictures = write_pictures(scratch / name, count, *size)
            runs: dict[bool, list[Run]] = {False: [], True: []}
            for _ in range(arguments.rounds):
                for isolate, done in runs.items():
                    done.append(run(pictures, scratch, isolate=isolate))
            for isolate, done in runs.items():
                rate = statistics.median(one.rate for one in done)
                work = statistics.median(one.work for one in done)
                how = "with --isolate" if isolate else "without"
                rows.append([name, str(count), how, f"{rate:.1f}", f"{work:.0f}"])
    print_table(["pictures", "count", "", "images/s", "ms a picture"], rows)


if __name__ == "__main__":
    main()
