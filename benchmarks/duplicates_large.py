"""How long `lookalike duplicates` takes over many pictures, and what it finds there.

    python -m benchmarks.duplicates_large FOLDER [--count 100000] [--keep PLACE]

The pictures are real: those of FOLDER, and the nine parts of each, a third of each side, until
there are enough. One in ten is there once more as a changed copy: compressed and turned by a
quarter, or half the size. `--keep` keeps the set and its collection for another run.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

import lookalike


def pictures(files: list[Path]) -> Iterator[Image.Image]:
    """The files, then the parts of them: the first part of each, the second, and so on."""
    for part in range(-1, 9):
        for file in files:
            with Image.open(file) as opened:
                picture = opened.convert("RGB")
            if part < 0:
                yield picture
                continue
            width, height = picture.width // 3, picture.height // 3
            x, y = part % 3 * width, part // 3 * height
            yield picture.crop((x, y, x + width, y + height))


def write_set(files: list[Path], count: int, place: Path) -> None:
    """Write the set, a thousand a folder."""
    written = 0
    for number, picture in enumerate(pictures(files)):
        folder = place / f"{number // 1000:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"{number:06d}.jpg", quality=90)
        written += 1
        if number % 10 == 3:
            turned = number % 20 == 3
            copy = (
                picture.transpose(Image.Transpose.ROTATE_90)
                if turned
                else picture.resize((max(1, picture.width // 2), max(1, picture.height // 2)))
            )
            copy.save(folder / f"{number:06d}-copy.jpg", quality=60)
            written += 1
        if written >= count:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    files = sorted(path for path in options.folder.rglob("*.jpg") if path.is_file())
    random.Random(0).shuffle(files)
    with tempfile.TemporaryDirectory() as scratch:
        place = (options.keep or Path(scratch)).resolve()
        if not (place / "set").exists():
            write_set(files, options.count, place / "set")
        copies = len(list((place / "set").rglob("*-copy.jpg")))
        with lookalike.open(place / "c") as photos:
            started = time.perf_counter()
            photos.index(place / "set")
            print(f"{len(photos):,} pictures indexed in {time.perf_counter() - started:.0f} s")
            for what in ("first", "again, after a change"):
                started = time.perf_counter()
                groups = photos.duplicates()
                seconds = time.perf_counter() - started
                print(f"duplicates, {what}: {seconds:.0f} s")
                photos._duplicates = None
            started = time.perf_counter()
            photos.duplicates(turned=False)
            print(f"duplicates, not turned: {time.perf_counter() - started:.0f} s")
    found = wrong = 0
    for group in groups:
        if group.kind != "near":
            continue
        names = [Path(image.path).stem for image in group.images]
        for name in names:
            if name.endswith("-copy"):
                found += name.removesuffix("-copy") in names
        wrong += len({name.removesuffix("-copy") for name in names}) > 1
    print(f"{found:,} of {copies:,} changed copies found; {wrong:,} groups hold others too")


if __name__ == "__main__":
    main()
