"""Indexing beside the published method's code: images/s end to end, ResNet50, one run.

    python -m benchmarks.index_vs_published [--images FOLDER] [--count 300] [--rounds 3]

The two take turns, so that a machine whose speed drifts treats both alike; the median counts. Our
figure is the whole of `lookalike index` into a new collection: walk, hash, decode, encode, write,
model compilation included; process start is told apart. The published code indexes a third of the
pictures, since its rate does not depend on their number.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.resnet50 import export_resnet50
from benchmarks.table import print_table

SHARED = Path(os.environ.get("LOOKALIKE_SHARED", "../shared"))


def published(images: Path, count: int) -> float:
    """Images/s that the published method's code prints."""
    script = SHARED / "bench" / "seed_method.py"
    run = subprocess.run(
        [sys.executable, str(script), str(images), str(count)],
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r"index: ([\d.]+) images/s", run.stdout)
    if not found:
        raise SystemExit(f"{script} printed no figure:\n{run.stdout}{run.stderr}")
    return float(found[1])


def ours(images: Path, model: str, precision: str, scratch: str) -> tuple[float, float]:
    """Images/s of `lookalike index` by its own clock, and of the whole process."""
    collection = os.path.join(scratch, "collection")
    shutil.rmtree(collection, ignore_errors=True)
    started = time.monotonic()
    run = subprocess.run(
        [
            *[sys.executable, "-m", "lookalike", "index", str(images), "--json"],
            *["-c", collection, "--model", model, "--precision", precision],
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    whole = time.monotonic() - started
    summary = json.loads(run.stdout)
    if summary["skipped"]:
        raise SystemExit(f"skipped: {summary['skipped'][:3]}")
    return summary["added"] / summary["seconds"], summary["added"] / whole


def sample(images: Path, count: int, folder: Path) -> Path:
    """Links to `count` of the pictures, spread evenly over their order."""
    folder.mkdir()
    files = sorted(images.rglob("*.jpg"))
    for file in files[:: max(1, len(files) // count)][:count]:
        (folder / f"{file.parent.name}-{file.name}").symlink_to(file.resolve())
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, default=SHARED / "data/intel/test")
    parser.add_argument("--count", type=int, default=300, help="pictures to index")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        model = export_resnet50(os.path.join(scratch, "model"))
        images = sample(args.images, args.count, Path(scratch) / "images")
        rates: dict[str, list[float]] = {}
        for _ in range(args.rounds):
            rates.setdefault("published code", []).append(published(images, args.count // 3))
            for precision in ("fp32", "auto"):
                index, whole = ours(images, model, precision, scratch)
                rates.setdefault(f"lookalike, {precision}", []).append(index)
                rates.setdefault(f"lookalike, {precision}, whole process", []).append(whole)
    base = statistics.median(rates["published code"])
    print_table(
        ["ResNet50, 224 px", "images/s (median)", "min", "max", "over the published code"],
        [
            [
                name,
                f"{statistics.median(values):.1f}",
                f"{min(values):.1f}",
                f"{max(values):.1f}",
                f"{statistics.median(values) / base:.1f}x",
            ]
            for name, values in rates.items()
        ],
    )


if __name__ == "__main__":
    main()
