"""Labelled folders: one sub-folder a class, read once into an array of small pictures."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.decode import decode
from lookalike.errors import DecodeError, SourceError, TrainingError
from lookalike.source import content_digest, read_file, walk
from lookalike.training.events import Listener, PicturesRead
from lookalike.types import Pixels, Skipped

_CHUNK = 256
"""Pictures that are decoded between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a labelled folder holds, by name; nothing is decoded yet.

    Attributes:
        root: absolute path.
        classes: names of the sub-folders, sorted; a label is an index into them.
        paths: n files, sorted by class and name.
        labels: (n,) int64.
        skipped: entries that cannot be looked at.
    """

    root: str
    classes: tuple[str, ...]
    paths: list[str]
    labels: NDArray[np.int64]
    skipped: list[Skipped]


@dataclass(slots=True)
class Dataset:
    """Decoded, labelled pictures.

    Attributes:
        classes: names; a label is an index into them.
        pixels: RGB uint8 (n, side, side, 3), whole pictures stretched to a square.
        labels: (n,) int64.
        paths: n absolute paths.
        digests: n content hashes.
        skipped: files that are not in it, each with its reason.
    """

    classes: tuple[str, ...]
    pixels: Pixels
    labels: NDArray[np.int64]
    paths: list[str]
    digests: list[bytes]
    skipped: list[Skipped] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.paths)

    def counts(self, indices: NDArray[np.int64] | None = None) -> dict[str, int]:
        """Pictures a class, of all or of those at `indices`."""
        labels = self.labels if indices is None else self.labels[indices]
        numbers = np.bincount(labels, minlength=len(self.classes))
        return dict(zip(self.classes, numbers.tolist(), strict=True))


def list_classes(folder: str, classes: tuple[str, ...] | None = None) -> Listing:
    """List a labelled folder.

    Args:
        folder: has one sub-folder a class; pictures below it at any depth carry its label.
        classes: the classes that it has to have, as a validation folder must; None takes them
            from the folder.

    Raises:
        TrainingError: it is no folder, has fewer than two classes, an empty class, or other
            classes than `classes`.
    """
    root = os.path.abspath(os.path.expanduser(folder))
    if not os.path.isdir(root):
        raise TrainingError(f"{root} is not a folder; give one that has a sub-folder a class")
    names = tuple(
        sorted(
            entry.name
            for entry in os.scandir(root)
            if entry.is_dir() and not entry.name.startswith(".")
        )
    )
    if len(names) < 2:
        found = f"only {names[0]!r}" if names else "none"
        raise TrainingError(
            f"{root} needs at least two classes, one sub-folder each, and has {found}; "
            "add a folder with pictures of another class"
        )
    if classes is not None and names != classes:
        raise TrainingError(
            f"the validation folder {root} has the classes {', '.join(names)}, but training has "
            f"{', '.join(classes)}; give both the same sub-folders"
        )
    paths: list[str] = []
    labels: list[int] = []
    skipped: list[Skipped] = []
    for label, name in enumerate(names):
        before = len(paths)
        for found_folder in walk(os.path.join(root, name)):
            paths += [os.path.join(found_folder.path, file.name) for file in found_folder.files]
            skipped += [Skipped(path, reason) for path, reason in found_folder.unreadable]
        if len(paths) == before:
            raise TrainingError(
                f"the class {name!r} in {root} has no pictures; add some, or remove the folder"
            )
        labels += [label] * (len(paths) - before)
    return Listing(root, names, paths, np.array(labels, np.int64), skipped)


def read(listing: Listing, side: int, cache: str, on_event: Listener) -> Dataset:
    """Decode every picture of a listing once.

    The pixels live in a memory-mapped file, so that a set larger than memory trains as well.

    Args:
        listing: from `list_classes`.
        side: pixels; every picture is stretched to side x side.
        cache: path of the file to make, n * side * side * 3 bytes.
        on_event: told of progress.

    Raises:
        TrainingError: no picture of a class can be read, or the cache cannot be written.
    """
    total = len(listing.paths)
    try:
        pixels = np.lib.format.open_memmap(
            cache, mode="w+", dtype=np.uint8, shape=(total, side, side, 3)
        )
    except OSError as error:
        raise TrainingError(
            f"cannot write the decoded pictures to {cache}: {error.strerror}; free "
            f"{total * side * side * 3 / 2**20:.0f} MiB there or choose another --out"
        ) from error
    kept: list[int] = []
    digests: list[bytes] = []
    skipped = list(listing.skipped)
    for index, outcome in enumerate(_decoded(listing.paths, side)):
        if isinstance(outcome, str):
            skipped.append(Skipped(listing.paths[index], outcome))
        else:
            square, digest = outcome
            pixels[len(kept)] = square
            kept.append(index)
            digests.append(digest)
        if (index + 1) % _CHUNK == 0 or index + 1 == total:
            on_event(PicturesRead(index + 1, total))
    labels = listing.labels[kept]
    for label, name in enumerate(listing.classes):
        if not np.any(labels == label):
            raise TrainingError(
                f"no picture of the class {name!r} in {listing.root} can be read "
                f"(the first: {skipped[0].path}: {skipped[0].reason}); replace them"
            )
    return Dataset(
        classes=listing.classes,
        pixels=pixels[: len(kept)],
        labels=labels,
        paths=[listing.paths[index] for index in kept],
        digests=digests,
        skipped=skipped,
    )


def natural_side(listing: Listing, largest: int) -> int:
    """The side at which pictures are kept: no larger than they are, or than is of use.

    Pictures of 150 pixels gain nothing from being stored at 224.

    Args:
        listing: from `list_classes`; 64 of its files are looked at.
        largest: pixels, the most that training uses.
    """
    sides = []
    for path in listing.paths[:: max(1, len(listing.paths) // 64)]:
        try:
            picture = decode(read_file(path), at_least=1)
        except (SourceError, DecodeError):
            continue
        sides.append(max(picture.width, picture.height))
    return min(largest, int(np.percentile(sides, 90))) if sides else largest


def _decoded(paths: list[str], side: int) -> Iterator[tuple[Pixels, bytes] | str]:
    def one(path: str) -> tuple[Pixels, bytes] | str:
        try:
            data = read_file(path)
            image = decode(data, at_least=2 * side).image
        except (SourceError, DecodeError) as error:
            return str(error)
        if image.size != (side, side):
            image = image.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
        return np.asarray(image), content_digest(data)

    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(paths), _CHUNK):
            yield from pool.map(one, paths[start : start + _CHUNK])
