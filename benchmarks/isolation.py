"""What `--isolate` costs: images/s of an index run with and without, in turns.

    python -m benchmarks.isolation [--count 300] [--rounds 3]

Two kinds of pictures, drawn here: 640 x 480, and 12 megapixels (a tenth as many). The encoder is
the bundled one. The machine may be busy with something else: the ratio of both is what counts.
"""

import argparse
import statistics
import tempfile
from contextlib import nullcontext
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


def rate(pictures: Path, scratch: Path, *, isolate: bool) -> float:
    """Images/s of indexing into a new collection, with a model that is compiled already."""
    with (
        tempfile.TemporaryDirectory(dir=scratch) as place,
        lookalike.open(Path(place, "c")) as photos,
        isolated() if isolate else nullcontext(),
    ):
        spec = photos.encoder.spec.input
        photos.encoder.embed(np.full((1, spec.height, spec.width, 3), 128, np.uint8))
        summary = photos.index(pictures)
        return summary.added / summary.seconds


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
            plain, apart = [], []
            for _ in range(arguments.rounds):
                plain.append(rate(pictures, scratch, isolate=False))
                apart.append(rate(pictures, scratch, isolate=True))
            medians = statistics.median(plain), statistics.median(apart)
            share = medians[1] / medians[0]
            rows.append([name, str(count), *(f"{m:.1f}" for m in medians), f"{share:.0%}"])
    print_table(["pictures", "count", "images/s", "with --isolate", ""], rows)


if __name__ == "__main__":
    main()
