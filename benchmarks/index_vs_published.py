"""Indexing beside the published method's code and fastembed: images/s end to end, ResNet50.

    python -m benchmarks.index_vs_published [--images FOLDER] [--count 300] [--rounds 3]
        [--no-fastembed]

The two take turns, so that a machine whose speed drifts treats both alike; the median counts. Our
figure is the whole of `lookalike index` into a new collection: walk, hash, decode, encode, write,
model compilation included; process start is told apart. The published code indexes a third of the
pictures, since its rate does not depend on their number. fastembed runs the same ONNX file in an
environment of its own, which this script makes; "int8" is what `lookalike models optimize` makes of
the model with the same pictures, and the table tells its cosine with the original.
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
import venv
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


def fastembed_python(place: Path) -> str:
    """A Python with fastembed in it."""
    venv.create(place, with_pip=True)
    python = str(place / ("Scripts" if os.name == "nt" else "bin") / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "fastembed"], check=True)
    return python


def fastembed(python: str, images: Path, model: str) -> float:
    """Images/s of fastembed with the model's own file."""
    script = str(Path(__file__).with_name("fastembed_peer.py"))
    run = subprocess.run(
        [python, script, model, str(images)], check=True, capture_output=True, text=True
    )
    return float(run.stdout.splitlines()[-1])


def int8(model: str, images: Path, folder: str) -> tuple[str, float]:
    """The int8 version of the model, and the mean cosine of its embeddings."""
    command = [sys.executable, "-m", "lookalike", "models", "optimize", model]
    run = subprocess.run(
        [*command, "--samples", str(images), "--out", folder, "--json"],
        check=True,
        capture_output=True,
        text=True,
    )
    return folder, float(json.loads(run.stdout.splitlines()[-1])["mean_cosine"])


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
    parser.add_argument("--no-fastembed", action="store_true", help="where it cannot be installed")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        model = export_resnet50(os.path.join(scratch, "model"))
        images = sample(args.images, args.count, Path(scratch) / "images")
        small, cosine = int8(model, images, os.path.join(scratch, "int8"))
        peer = None if args.no_fastembed else fastembed_python(Path(scratch) / "fastembed")
        rates: dict[str, list[float]] = {}
        for _ in range(args.rounds):
            rates.setdefault("published code", []).append(published(images, args.count // 3))
            if peer is not None:
                rates.setdefault("fastembed", []).append(fastembed(peer, images, model))
            for name, folder, precision in (
                ("fp32", model, "fp32"),
                ("auto", model, "auto"),
                (f"int8 (cosine {cosine:.4f})", small, "auto"),
            ):
                index, whole = ours(images, folder, precision, scratch)
                rates.setdefault(f"lookalike, {name}", []).append(index)
                rates.setdefault(f"lookalike, {name}, whole process", []).append(whole)
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
