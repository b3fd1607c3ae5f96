"""How long `lookalike duplicates` takes over many pictures, in what memory, and what it finds.

    python -m benchmarks.duplicates_large FOLDER [--count 100000] [--keep PLACE] [--seed 0]

The pictures are real and each is there once: the files of FOLDER, of those with the same bytes one,
and the four quarters of each file, until there are enough. One in ten is there once more as a
changed copy: turned by a quarter, half the size, or cropped to 80 %. Copies are to be found with
their originals; a group that holds others too is either wrong, or FOLDER holds near-identical
pictures of its own. Indexing and each run are processes of their own; what is at hand `again` are
the gists that the first run kept. `--keep` keeps the set and its collection for another time.
"""

import argparse
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path

from PIL import Image
from tests.support.changes import Change, cropped, resized

import lookalike
from benchmarks.table import print_table

COPIES: dict[str, Change] = {
    "turned": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "half": resized(0.5),
    "cropped": cropped(0.8, 0.3, 0.6),
}


def pictures(files: list[Path]) -> Iterator[Image.Image]:
    """The files, then quarters of them: the first quarter of each, the second, and so on."""
    for quarter in range(-1, 4):
        for file in files:
            with Image.open(file) as opened:
                picture = opened.convert("RGB")
            if quarter < 0:
                yield picture
                continue
            width, height = picture.width // 2, picture.height // 2
            x, y = quarter % 2 * width, quarter // 2 * height
            yield picture.crop((x, y, x + width, y + height))


def write_set(files: list[Path], count: int, place: Path) -> None:
    """Write `<number>.jpg`, and `<number>-<kind of copy>.jpg`, a thousand numbers a folder."""
    written = 0
    kinds = list(COPIES)
    for number, picture in enumerate(pictures(files)):
        folder = place / f"{number // 1000:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"{number:06d}.jpg", quality=90)
        written += 1
        if number % 10 == 3:
            kind = kinds[number // 10 % len(kinds)]
            COPIES[kind](picture).save(folder / f"{number:06d}-{kind}.jpg", quality=60)
            written += 1
        if written >= count:
            return


def distinct(folder: Path) -> list[Path]:
    """The pictures below a folder, of those with the same bytes one."""
    files = sorted(path for path in folder.rglob("*.jpg") if path.is_file())
    return list({sha256(file.read_bytes()).digest(): file for file in files}.values())


def index(place: Path) -> None:
    """Index the set into the collection beside it."""
    started = time.perf_counter()
    with lookalike.open(place / "c") as photos:
        photos.index(place / "set")
        print(f"{len(photos):,} pictures, indexed in {time.perf_counter() - started:.0f} s")


def find(place: Path, turned: bool) -> tuple[float, float, list[list[str]]]:
    """Seconds, bytes of memory at most, and the near groups, names of files."""
    with lookalike.open(place / "c") as photos:
        started = time.perf_counter()
        groups = photos.duplicates(turned=turned)
        seconds = time.perf_counter() - started
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    near = [group for group in groups if group.kind == "near"]
    return seconds, peak, [[Path(image.path).stem for image in group.images] for group in near]


def print_found(groups: list[list[str]], there: Counter[str]) -> None:
    """How many changed copies are in one group with their original, and how many hold others."""
    found = Counter(
        name[7:] for group in groups for name in group if name[7:] and name[:6] in group
    )
    rows = [
        [kind, f"{there[kind]:,}", f"{found[kind] / max(1, there[kind]):.3f}"] for kind in COPIES
    ]
    rows.append(["all", f"{there.total():,}", f"{found.total() / max(1, there.total()):.3f}"])
    print_table(["changed copies", "there", "found"], rows)
    others = sum(len({name[:6] for name in group}) > 1 for group in groups)
    print(f"{len(groups):,} near groups, of which {others:,} hold others too")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = (options.keep or Path(scratch)).resolve()
        if not (place / "set").exists():
            files = distinct(options.folder)
            random.Random(options.seed).shuffle(files)
            print(f"{len(files):,} files that differ")
            write_set(files, options.count, place / "set")
        gists = place / "c" / "cache" / "gists.npz"
        gists.unlink(missing_ok=True)
        fresh = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, fresh, max_tasks_per_child=1) as pool:
            pool.submit(index, place).result()
            runs = {
                "first": pool.submit(find, place, True).result(),
                "again": pool.submit(find, place, True).result(),
                "not turned": pool.submit(find, place, False).result(),
            }
        there = Counter(file.stem[7:] for file in (place / "set").rglob("*-*.jpg"))
    rows = [
        [run, f"{seconds:.0f}", f"{peak / 1e6:,.0f}"] for run, (seconds, peak, _) in runs.items()
    ]
    print_table(["run", "seconds", "MB of memory at most"], rows)
    print_found(runs["first"][2], there)


if __name__ == "__main__":
    main()
