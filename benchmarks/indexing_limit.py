"""Indexing beside the machine's limit: images/s over what decode and inference leave possible.

    python -m benchmarks.indexing_limit [--count 600] [--model MODEL_FOLDER] [--rounds 3]

The limit is cores / (CPU seconds a picture of reading, hashing, decoding and resizing in one thread
+ CPU seconds a picture of inference at saturation), all measured in this run. Two kinds of
pictures: small ones as they are in the folder, and 12-megapixel JPEGs made from them.
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--model", default=str(SHARED / "models/mobilenet-edgetpu"))
    parser.add_argument("--images", type=Path, default=SHARED / "data/intel/test")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    files = sorted(args.images.rglob("*.jpg"))
    files = files[:: max(1, len(files) // args.count)][: args.count]
    rows = []
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        small, large = scratch / "small", scratch / "large"
        small.mkdir()
        for number, file in enumerate(files):
            shutil.copyfile(file, small / f"{number}.jpg")
        enlarge(sorted(small.iterdir())[: max(16, args.count // 10)], large)
        encoder = load(args.model)
        for kind, folder in (("as they are", small), ("12 megapixels", large)):
            chosen = sorted(folder.iterdir())
            limits, rates = [], []
            for _ in range(args.rounds):
                limits.append(limit(encoder, chosen[:100], cores or 1))
                rates.append(indexed(args.model, folder, scratch))
            best, rate = statistics.median(limits), statistics.median(rates)
            rows.append([kind, f"{rate:.1f}", f"{best:.1f}", f"{rate / best:.2f}"])
    print_table(["pictures", "images/s", "the limit", "share"], rows)


if __name__ == "__main__":
    main()
