"""Precision and recall of `lookalike duplicates`, by kind of change, beside imagededup.

    python -m benchmarks.duplicates FOLDER [--model M] [--changed 200] [--others 1000]
        [--seed 0] [--peers] [--environment PLACE] [--list]

Pictures drawn from FOLDER are copied; `changed` of them also in changed forms, `others` as they
are. Recall: of the changed copies, how many are put together with their original. Precision: of all
pairs that are put together, how many are of one original. FOLDER itself may hold near-identical
pictures; --list prints the wrong pairs, to be looked at.

--peers runs every method of imagededup on the same files, with its default threshold, from an
environment of its own that this script makes (in PLACE, to keep it; its dependencies take
gigabytes). Ours are the pairs within a group of `near`, with all that are identical to a member, or
of `identical`; theirs are as it gives them.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from itertools import combinations
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps
from tests.support.changes import CHANGES, Change, cropped

import lookalike
from benchmarks.table import print_table

Pairs = set[tuple[str, str]]
"""Names of files, the lower one first."""


def turned(degrees: float) -> Change:
    """Turned by a small angle; the corners, which show nothing, are cut off."""

    def change(picture: Image.Image) -> Image.Image:
        whole = picture.rotate(degrees, Image.Resampling.BICUBIC)
        return cropped(0.9 if degrees <= 5 else 0.8)(whole)

    return change


def written_on(picture: Image.Image) -> Image.Image:
    """With a line of text over it."""
    marked = picture.copy()
    font = ImageFont.load_default(size=max(8, picture.height // 8))
    place = picture.width // 10, picture.height * 3 // 4
    ImageDraw.Draw(marked).text(
        place, "lookalike", "white", font, stroke_width=1, stroke_fill="black"
    )
    return marked


def framed(picture: Image.Image) -> Image.Image:
    """With a white frame."""
    return ImageOps.expand(picture, max(1, picture.width // 20), "white")


ALL_CHANGES: dict[str, Change] = {
    **CHANGES,
    "turned by 270 degrees": lambda picture: picture.transpose(Image.Transpose.ROTATE_270),
    "upside down": ImageOps.flip,
    "turned by 3 degrees": turned(3),
    "turned by 10 degrees": turned(10),
    "text over it": written_on,
    "white frame": framed,
}


def copy_changed(files: list[Path], changed: int, folder: Path) -> None:
    """Write the set: `<number>-original.png`, and `<number>-<change>.png`."""
    for number, file in enumerate(files):
        with Image.open(file) as opened:
            picture = opened.convert("RGB")
        picture.save(folder / f"{number:05d}-original.png")
        if number < changed:
            for name, change in ALL_CHANGES.items():
                change(picture).save(folder / f"{number:05d}-{name}.png")


def ours(folder: Path, scratch: Path, model: str | None) -> tuple[float, Pairs]:
    """Seconds from files to groups, and the pairs."""
    started = time.perf_counter()
    with lookalike.open(scratch / "c", model=model) as photos:
        photos.index(folder)
        found = photos.duplicates()
    seconds = time.perf_counter() - started
    names = {
        kind: [[Path(image.path).name for image in g.images] for g in found if g.kind == kind]
        for kind in ("identical", "near")
    }
    # Of identical pictures one stands for all in the other kinds, whichever is taken for the best.
    copies = {name: group for group in names["identical"] for name in group}
    groups = [
        sorted({copy for name in group for copy in copies.get(name, [name])})
        for kind in names.values()
        for group in kind
    ]
    return seconds, {pair for group in groups for pair in combinations(group, 2)}


def theirs(folder: Path, environment: Path) -> dict[str, tuple[float, Pairs]]:
    """The same of each method of imagededup; one that does not run is told and left out."""
    if not environment.exists():
        venv.create(environment, with_pip=True)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "imagededup"], check=True)
    script = Path(__file__).with_name("duplicates_peer.py")
    found = {}
    for method in ("PHash", "DHash", "WHash", "AHash", "CNN"):
        run = subprocess.run(
            [str(python), str(script), method, str(folder)],
            check=False,
            capture_output=True,
            text=True,
        )
        if run.returncode:
            print(f"{method} did not run: {run.stderr.strip()[-200:]}", file=sys.stderr)
            continue
        answer = json.loads(run.stdout.splitlines()[-1])
        found[method] = answer["seconds"], {(one, other) for one, other in answer["pairs"]}
    return found


def of_one(one: str, other: str) -> bool:
    """Whether two files are of one original."""
    return one[:5] == other[:5]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--changed", type=int, default=200)
    parser.add_argument("--others", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--environment", type=Path)
    parser.add_argument("--list", action="store_true", help="print the wrong pairs")
    options = parser.parse_args()
    files = sorted(path for path in options.folder.rglob("*") if path.is_file())
    random.Random(options.seed).shuffle(files)
    files = files[: options.changed + options.others]
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(os.path.realpath(name))
        folder = scratch / "set"
        folder.mkdir()
        copy_changed(files, options.changed, folder)
        print(f"{len(list(folder.iterdir())):,} files")
        results = {"lookalike": ours(folder, scratch, options.model)}
        if options.peers:
            results |= theirs(folder, options.environment or scratch / "environment")
    if options.list:
        for one, other in sorted(results["lookalike"][1]):
            if not of_one(one, other):
                print(f"{files[int(one[:5])]} and {files[int(other[:5])]}")
    recalls = {}
    for method, (_, pairs) in results.items():
        right = Counter(
            max(pair, key=lambda file: "original" not in file)[6:-4]
            for pair in pairs
            if of_one(*pair) and any(file.endswith("-original.png") for file in pair)
        )
        recalls[method] = right
    rows = [
        [change, *(f"{right[change] / options.changed:.3f}" for right in recalls.values())]
        for change in ALL_CHANGES
    ]
    rows.append(
        ["all changes"]
        + [f"{sum(r.values()) / options.changed / len(ALL_CHANGES):.3f}" for r in recalls.values()]
    )
    rows.append(
        ["precision of pairs"]
        + [
            f"{sum(of_one(*pair) for pair in pairs) / max(1, len(pairs)):.4f}"
            for _, pairs in results.values()
        ]
    )
    rows.append(["seconds, all of it", *(f"{seconds:.0f}" for seconds, _ in results.values())])
    print_table(["recall", *results], rows)


if __name__ == "__main__":
    main()
