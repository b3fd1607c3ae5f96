"""Indexing beside the machine's limit: images/s over what decode and inference leave possible.

    python -m benchmarks.indexing_limit [--seconds 40] [--model MODEL] [--rounds 3]

The limit is cores / (CPU seconds a picture of reading, hashing, decoding and resizing in one thread
+ CPU seconds a picture of inference at saturation), all measured in this run, before and after each
index run. Two kinds of pictures: small ones as they are in the folder, and 12-megapixel JPEGs made
from them; as many as take so long, by copies that differ in some bytes behind their end. A run is
whole, from the first file to the last commit, into a new collection.
"""

import argparse
import os
import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

import lookalike
from benchmarks.table import print_table
from lookalike.decode import decode
from lookalike.encoders import Encoder, load
from lookalike.source import content_digest, read_file

SHARED = Path(os.environ.get("LOOKALIKE_SHARED", "../shared"))
_BATCH = 16
_MOST_BYTES = 6 * 10**9
"""Of all copies: they are to stay in memory, for a disk is not what is measured."""


def cpu() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def limit(encoder: Encoder, files: list[Path], cores: int) -> float:
    """Images/s that the cores could do at most."""
    started, prepared = cpu(), []
    for file in files:
        data = read_file(file)
        content_digest(data)
        prepared.append(encoder.prepare(decode(data, at_least=encoder.decode_hint)))
    decoding = (cpu() - started) / len(files)
    batch = np.stack([prepared[number % len(prepared)] for number in range(_BATCH)])
    encoder.embed(batch)
    started, end, done = cpu(), time.perf_counter() + 2, 0
    while time.perf_counter() < end:
        encoder.embed(batch)
        done += _BATCH
    return cores / (decoding + (cpu() - started) / done)


def indexed(model: str, folder: Path, scratch: Path) -> float:
    """Images/s of an index run into a new collection, with a model compiled before."""
    place = scratch / "collection"
    shutil.rmtree(place, ignore_errors=True)
    with lookalike.open(place, model=model) as photos:
        photos.encoder.embed(np.zeros((1, *_shape(photos.encoder)), np.uint8) + np.uint8(128))
        summary = photos.index(folder)
    return summary.added / summary.seconds


def _shape(encoder: Encoder) -> tuple[int, int, int]:
    return encoder.spec.input.height, encoder.spec.input.width, 3


def enlarge(files: list[Path], folder: Path) -> None:
    """12-megapixel JPEGs, 4000 x 3000."""
    folder.mkdir()
    for file in files:
        with Image.open(file) as image:
            large = image.convert("RGB").resize((4000, 3000), Image.Resampling.BICUBIC)
            large.save(folder / file.name, quality=90)


def multiply(files: list[Path], count: int, folder: Path) -> None:
    """So many copies, a thousand a folder, no two of the same content."""
    for number in range(count):
        place = folder / f"{number // 1000:03d}"
        place.mkdir(parents=True, exist_ok=True)
        data = files[number % len(files)].read_bytes()
        (place / f"{number:06d}.jpg").write_bytes(data + number.to_bytes(8, "little"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--model", default=str(SHARED / "models/mobilenet-edgetpu"))
    parser.add_argument("--images", type=Path, default=SHARED / "data/intel/test")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    files = sorted(args.images.rglob("*.jpg"))
    files = files[:: max(1, len(files) // 1000)]
    rows = []
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        enlarge(files[::25], scratch / "enlarged")
        encoder = load(args.model)
        for kind, originals in (
            ("as they are", files),
            ("12 megapixels", sorted((scratch / "enlarged").iterdir())),
        ):
            limits = [limit(encoder, originals[:500], cores or 1)]
            count = min(int(args.seconds * limits[0]), _MOST_BYTES // _mean_size(originals))
            folder = scratch / kind
            multiply(originals, count, folder)
            shares = []
            for _ in range(args.rounds):
                rate = indexed(args.model, folder, scratch)
                limits.append(limit(encoder, originals[:500], cores or 1))
                shares.append(rate / statistics.mean(limits[-2:]))
                print(f"{kind}: {rate:.1f} of {statistics.mean(limits[-2:]):.1f}", flush=True)
            share, best = statistics.median(shares), statistics.median(limits)
            rows.append([kind, f"{count:,}", f"{share * best:.1f}", f"{best:.1f}", f"{share:.2f}"])
            shutil.rmtree(folder)
    print_table(["pictures", "how many", "images/s", "the limit", "share"], rows)


def _mean_size(files: list[Path]) -> int:
    return sum(file.stat().st_size for file in files) // len(files)


if __name__ == "__main__":
    main()
