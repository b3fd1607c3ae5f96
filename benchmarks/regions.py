"""Whether a picture is found that contains the query as a part, with regions and without.

    python -m benchmarks.regions FOLDER [--model M] [--queries 60] [--others 400] [--seed 0]

The set is made from pictures of FOLDER: mosaics of 4 x 4 of them, and pictures with another one
pasted into them, at half, a third and a quarter of each side, anywhere; beside them `others` as
they are. The queries are the pictures that were put in, of which the collection has no file.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

import lookalike
from benchmarks.table import print_table
from lookalike import Query
from lookalike.layers.regions import boxes
from lookalike.types import Example

SHARES = {"half of each side": 1 / 2, "a third": 1 / 3, "a quarter": 1 / 4}
SIDE = 600
Asked = dict[str, list[tuple[Path, Path]]]
"""By kind: queries, each with the file that it is a part of."""

MOSAIC = "a mosaic of 4 x 4"


def square(file: Path, side: int) -> Image.Image:
    """The picture, stretched: so are all pictures that an encoder sees."""
    with Image.open(file) as opened:
        return opened.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)


def write_set(files: Iterator[Path], queries: int, others: int, place: Path) -> Asked:
    """Write the set; by kind, the queries with the file that each is a part of."""
    rng = random.Random(1)
    asked: Asked = {name: [] for name in (*SHARES, MOSAIC)}
    for name, share in SHARES.items():
        for number in range(queries):
            whole, part = square(next(files), SIDE), next(files)
            side = round(share * SIDE)
            x, y = rng.randrange(SIDE - side + 1), rng.randrange(SIDE - side + 1)
            whole.paste(square(part, side), (x, y))
            file = place / f"{name} {number:03d}.jpg"
            whole.save(file, quality=90)
            asked[name].append((part, file))
    for number in range(queries // 4):
        mosaic = Image.new("RGB", (SIDE, SIDE))
        file = place / f"mosaic {number:03d}.jpg"
        parts = [next(files) for _ in range(16)]
        for at, part in enumerate(parts):
            mosaic.paste(square(part, SIDE // 4), (at % 4 * SIDE // 4, at // 4 * SIDE // 4))
        mosaic.save(file, quality=90)
        asked[MOSAIC] += [(part, file) for part in rng.sample(parts, 4)]
    for number in range(others):
        square(next(files), SIDE).save(place / f"other {number:04d}.jpg", quality=90)
    return asked


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--queries", type=int, default=60, help="of each kind")
    parser.add_argument("--others", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    files = sorted(path for path in options.folder.rglob("*.jpg") if path.is_file())
    random.Random(options.seed).shuffle(files)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(os.path.realpath(scratch), "set")
        place.mkdir()
        asked = write_set(iter(files), options.queries, options.others, place)
        with lookalike.open(Path(scratch, "c"), model=options.model) as photos:
            started = time.perf_counter()
            photos.index(place)
            plain, before = time.perf_counter() - started, photos.status().bytes
            started = time.perf_counter()
            photos.index(regions=True)
            more, after = time.perf_counter() - started, photos.status().bytes
            rows = []
            times = []
            for regions in (False, True):
                started = time.perf_counter()
                for name, pairs in asked.items():
                    ranks = []
                    for part, file in pairs:
                        query = Query(positives=(Example(str(part)),), regions=regions)
                        paths = [hit.path for hit in photos.search(query, k=10)]
                        ranks.append(paths.index(str(file)) if str(file) in paths else 10)
                    rows.append(
                        [
                            name,
                            "with regions" if regions else "without",
                            f"{sum(rank < 1 for rank in ranks) / len(ranks):.3f}",
                            f"{sum(rank < 10 for rank in ranks) / len(ranks):.3f}",
                        ]
                    )
                times.append((time.perf_counter() - started) / sum(map(len, asked.values())))
            count = len(photos)
    print(f"{count} pictures, {len(boxes())} regions each")
    print_table(
        ["the query is", "search", "recall@1", "recall@10"], sorted(rows, key=lambda r: r[0])
    )
    print(
        f"indexing: {1000 * plain / count:.1f} ms a picture, regions {1000 * more / count:.1f} ms"
    )
    print(f"on disk: {before / count:.0f} bytes a picture, regions {(after - before) / count:.0f}")
    print(f"a search: {1000 * times[0]:.1f} ms, with regions {1000 * times[1]:.1f} ms")


if __name__ == "__main__":
    main()
