"""Precision and recall of `lookalike duplicates`, by kind of change.

    python -m benchmarks.duplicates FOLDER [--model M] [--changed 200] [--others 1000] [--seed 0]

Pictures drawn from FOLDER are copied; `changed` of them also in ten changed forms, `others` as they
are. Recall: of the changed copies, how many are in a group with their original. Precision: of all
pairs that groups of near-identical pictures put together, how many are of one original. FOLDER
itself may hold near-identical pictures; --list prints the wrong groups, to be looked at.
"""

import argparse
import itertools
import os
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from PIL import Image
from tests.support.changes import CHANGES

import lookalike
from benchmarks.table import print_table


def copy_changed(files: list[Path], changed: int, folder: Path) -> None:
    """Write the set: `<number>/original.png`, and `<number>/<change>.png` beside it."""
    for number, file in enumerate(files):
        place = folder / f"{number:05d}"
        place.mkdir()
        with Image.open(file) as opened:
            picture = opened.convert("RGB")
        picture.save(place / "original.png")
        if number < changed:
            for name, change in CHANGES.items():
                change(picture).save(place / f"{name}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--changed", type=int, default=200)
    parser.add_argument("--others", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--list", action="store_true", help="print the wrong groups")
    options = parser.parse_args()
    files = sorted(path for path in options.folder.rglob("*") if path.is_file())
    random.Random(options.seed).shuffle(files)
    files = files[: options.changed + options.others]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(os.path.realpath(scratch), "set")
        folder.mkdir()
        copy_changed(files, options.changed, folder)
        with lookalike.open(Path(scratch, "c"), model=options.model) as photos:
            count = photos.index(folder).added
            started = time.perf_counter()
            groups = [group for group in photos.duplicates() if group.kind == "near"]
            seconds = time.perf_counter() - started
    right = wrong = 0
    found: Counter[str] = Counter()
    for group in groups:
        paths = [Path(image.path) for image in group.images]
        for one, other in itertools.combinations(paths, 2):
            right += one.parent == other.parent
            wrong += one.parent != other.parent
        if options.list and len({path.parent for path in paths}) > 1:
            print(sorted({str(files[int(path.parent.name)]) for path in paths}))
        originals = {path.parent for path in paths if path.stem == "original"}
        found.update(path.stem for path in paths if path.parent in originals)
    print(f"{count} pictures compared in {seconds:.1f} s")
    print(f"precision of pairs: {right / (right + wrong):.4f} ({wrong} of {right + wrong} wrong)")
    print_table(
        ["change", "recall"],
        [[name, f"{found[name] / options.changed:.3f}"] for name in CHANGES],
    )


if __name__ == "__main__":
    main()
