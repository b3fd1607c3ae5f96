"""Seeded mutations of pictures in every format: each is decoded or refused with a reason.

    python -m benchmarks.mutations [--count 5000] [--seed 0]

Bit flips, truncation, splices of two files, headers that lie, containers inside containers,
polyglots, and broken EXIF and ICC. Workers decode them, so that a crash, a hang (over 20 seconds)
or memory past the bound is seen as what it is.
"""

import argparse
import io
import random
import resource
import struct
import sys
from collections import Counter
from collections.abc import Callable

import numpy as np
from PIL import Image
from tests.support.codecs import heic, jxl, psd
from tests.support.dng import dng
from tests.support.pictures import draw, encoded

from benchmarks.trial import Trial, print_trials
from lookalike.decode import decode, isolated
from lookalike.errors import DecodeError

SECONDS = 20.0
BOUND = 960 * 10**6 + 200 * 10**6
"""Bytes: what pictures may take together (docs/architecture.md), and a worker itself."""


def originals() -> dict[str, bytes]:
    """A small file of every kind that is read."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    picture = draw(1, 90, 70)
    more = {"save_all": True, "append_images": [draw(2, 90, 70)]}
    kinds: dict[str, tuple[Image.Image, str, dict[str, object]]] = {
        "jpeg": (picture, "JPEG", {"exif": exif, "icc_profile": b"profile" * 40}),
        "progressive": (picture, "JPEG", {"progressive": True}),
        "cmyk": (picture.convert("CMYK"), "JPEG", {}),
        "mpo": (picture, "MPO", more),
        "png": (picture, "PNG", {"exif": exif, "icc_profile": b"profile" * 40}),
        "palette": (picture.quantize(9), "PNG", {"transparency": 0}),
        "grey16": (picture.convert("I;16"), "PNG", {}),
        "apng": (picture, "PNG", more),
        "gif": (picture, "GIF", more),
        "webp": (picture, "WEBP", {"exif": exif}),
        "webp lossless": (picture.convert("RGBA"), "WEBP", {"lossless": True}),
        "animated webp": (picture, "WEBP", more),
        "avif": (picture, "AVIF", {"exif": exif}),
        "bmp": (picture, "BMP", {}),
        "dib": (picture, "DIB", {}),
        "tiff": (picture, "TIFF", {"compression": "tiff_lzw", "exif": exif}),
        "tiff deflate": (picture, "TIFF", {"compression": "tiff_adobe_deflate"}),
        "tiff jpeg": (picture, "TIFF", {"compression": "jpeg"}),
        "tiff float": (picture.convert("F"), "TIFF", {}),
        "ppm": (picture, "PPM", {}),
        "jpeg2000": (picture, "JPEG2000", {}),
    }
    files = {
        "psd": psd(picture),
        "heif": heic(picture),
        "jpeg xl": jxl(np.asarray(picture), lossless=True),
        "raw": dng(picture),
        "raw with a preview": dng(picture, encoded(2, width=90, height=70)),
    }
    for name, (image, codec, options) in kinds.items():
        out = io.BytesIO()
        image.save(out, codec, **options)
        files[name] = out.getvalue()
    return files


def flip(data: bytes, _other: bytes, rng: random.Random) -> bytes:
    """Some bits are wrong, half of them near the start."""
    damaged = bytearray(data)
    for _ in range(rng.choice([1, 2, 5, 30])):
        place = rng.randrange(min(200, len(data)) if rng.random() < 0.5 else len(data))
        damaged[place] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def cut(data: bytes, _other: bytes, rng: random.Random) -> bytes:
    """The end is missing, or a piece from the middle."""
    start = rng.randrange(len(data))
    return data[:start] + (data[start + rng.randrange(200) :] if rng.random() < 0.4 else b"")


def splice(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """The start of one file, the end of another."""
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


def lie(data: bytes, _other: bytes, rng: random.Random) -> bytes:
    """A number in the header is absurd: sizes, offsets, counts."""
    damaged = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4])):
        form = rng.choice(["<H", ">H", "<I", ">I"])
        size = struct.calcsize(form)
        most = 256**size - 1
        value = rng.choice([0, 1, most, most // 2, most // 2 + 1, 40_000, rng.randrange(most)])
        place = rng.randrange(min(len(data), 300) - size)
        damaged[place : place + size] = struct.pack(form, min(value, most))
    return bytes(damaged)


def nest(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """One file inside another, at a random place, several times over."""
    place = rng.randrange(len(data))
    return data[:place] + other * rng.choice([1, 2, 20]) + data[place:]


def disguise(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """A polyglot: the head of one format, markup or an archive before or after another."""
    markup = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    extra = rng.choice([markup, b"%!PS-Adobe-3.0 EPSF-3.0\n", b"PK\x03\x04" + bytes(60), b"MZ"])
    return rng.choice([extra + data, data + extra, other[: rng.randrange(4, 40)] + data])


KINDS: dict[str, Callable[[bytes, bytes, random.Random], bytes]] = {
    "bit flips": flip,
    "truncation": cut,
    "splices": splice,
    "headers that lie": lie,
    "files inside files": nest,
    "polyglots": disguise,
}


def run(count: int, seed: int) -> list[Trial]:
    """Decode `count` mutations; a trial for each kind."""
    rng = random.Random(seed)
    files = originals()
    names = list(files)
    trials = {kind: Trial(f"mutated pictures: {kind}") for kind in KINDS}
    outcomes = {kind: Counter[str]() for kind in KINDS}
    with isolated(seconds=SECONDS):
        for number in range(count):
            kind = list(KINDS)[number % len(KINDS)]
            name = names[number // len(KINDS) % len(names)]
            data = KINDS[kind](files[name], files[rng.choice(names)], rng)
            trial = trials[kind]
            with trial.timed():
                outcome = _decode(data, rng.choice([None, 8, 448]))
            trial.tried += 1
            outcomes[kind][outcome.partition(":")[0]] += 1
            if outcome.startswith(("failed", "no reason")):
                trial.failures.append(f"number {number}, {name}: {outcome}")
    for kind, trial in trials.items():
        trial.note = f"{outcomes[kind]['decoded']} decoded, {outcomes[kind]['refused']} refused"
    memory = Trial("memory of the decoding processes", tried=count)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    memory.check(peak < BOUND, f"{peak / 1e6:.0f} MB")
    memory.note = f"at most {peak / 1e6:.0f} MB"
    return [*trials.values(), memory]


def _decode(data: bytes, at_least: int | None) -> str:
    try:
        picture = decode(data, at_least=at_least)
    except DecodeError as error:
        reason = str(error)
        if "crashed" in reason or "took over" in reason:
            return f"failed: {reason}"
        return "refused" if reason and "\n" not in reason else f"no reason: {reason!r}"
    return "decoded" if picture.image.mode == "RGB" else f"failed: mode {picture.image.mode}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}\n")
    trials = run(arguments.count, arguments.seed)
    print_trials(trials)
    sys.exit(any(trial.failures for trial in trials))


if __name__ == "__main__":
    main()
