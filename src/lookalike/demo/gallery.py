"""The demo gallery: which pictures it has, and drawing those that are not there yet."""

import json
import os
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import cycle, groupby, islice
from typing import TypeAlias

import numpy as np
from PIL import Image

from lookalike.demo.balloons import balloons
from lookalike.demo.changes import CHANGES
from lookalike.demo.city import city_night
from lookalike.demo.flowers import flowers
from lookalike.demo.landscapes import dusk_hills, forest, sea
from lookalike.demo.patterns import bauhaus, tartan
from lookalike.demo.relief import paper_relief, stained_glass
from lookalike.demo.skies import nebula, planet
from lookalike.errors import LookalikeError
from lookalike.present.text import display_path

MANIFEST = "gallery.json"
"""The file beside the kinds' folders that lists every picture with its original."""

_VERSION = 1  # raised when a drawing changes, so that an older gallery is drawn anew
_ORIGINALS = 12
_SIZES = [(480, 360), (360, 480), (480, 320), (480, 360), (400, 400), (340, 480)]

Drawing: TypeAlias = Callable[[np.random.Generator, tuple[int, int]], Image.Image]
"""Draws one picture of this width and height, RGB; the same generator gives the same picture."""

DrawProgress: TypeAlias = Callable[[int, int], None]
"""Told how many pictures are done, and how many there will be; from the caller's thread."""

KINDS: dict[str, Drawing] = {
    "dusk-hills": dusk_hills,
    "sea": sea,
    "forest": forest,
    "city-night": city_night,
    "nebula": nebula,
    "planets": planet,
    "balloons": balloons,
    "flowers": flowers,
    "bauhaus": bauhaus,
    "tartan": tartan,
    "paper-relief": paper_relief,
    "stained-glass": stained_glass,
}
"""Every kind of picture by the name of its folder."""


@dataclass(frozen=True, slots=True)
class GalleryPicture:
    """One picture of the gallery.

    Attributes:
        file: path below the gallery's folder, with slashes.
        kind: the name of its folder.
        original: the file that it is a changed copy of; itself for an original.
        change: how it was changed; None for an original.
    """

    file: str
    kind: str
    original: str
    change: str | None


def plan() -> list[GalleryPicture]:
    """Every picture of the gallery, each original followed by its changed copies."""
    return [picture for kind in KINDS for picture in _plan_kind(kind)]


def draw_gallery(folder: str, *, seed: int = 0, on_progress: DrawProgress | None = None) -> int:
    """Draw the demo gallery into `folder`, one sub-folder a kind, with `gallery.json` beside.

    Pictures that are there already are left alone, so an interrupted run can be repeated; a
    gallery of another seed or version is drawn anew.

    Args:
        folder: made where it does not exist.
        seed: the same seed gives the same files, byte for byte, on the same machine.
        on_progress: told how far it is.

    Returns:
        The number of pictures of the gallery.

    Raises:
        LookalikeError: the folder cannot be written.
    """
    pictures = plan()
    try:
        _prepare(folder, seed, pictures)
        _draw_missing(folder, seed, pictures, on_progress)
    except OSError as error:
        reason = error.strerror or str(error)
        raise LookalikeError(
            f"The demo gallery cannot be drawn in {display_path(folder)}: {reason}; "
            "give a folder that can be written."
        ) from error
    return len(pictures)


def _plan_kind(kind: str) -> Iterator[GalleryPicture]:
    names = cycle(CHANGES)
    for number in range(_ORIGINALS):
        original = f"{kind}/{number + 1:02}.jpg"
        yield GalleryPicture(original, kind, original, None)
        if number % 3 == 2:
            continue  # a third of the originals stand alone: nothing must be found for them
        for change in islice(names, 2):
            yield GalleryPicture(f"{original[:-4]}-{change}.jpg", kind, original, change)


def _prepare(folder: str, seed: int, pictures: list[GalleryPicture]) -> None:
    """Make the folders and the manifest, and clear away a gallery of another seed."""
    for kind in KINDS:
        os.makedirs(os.path.join(folder, kind), exist_ok=True)
    manifest = {
        "version": _VERSION,
        "seed": seed,
        "pictures": [asdict(picture) for picture in pictures],
    }
    text = json.dumps(manifest, indent=1)
    path = os.path.join(folder, MANIFEST)
    try:
        with open(path, encoding="utf-8") as file:
            known = file.read()
    except (FileNotFoundError, UnicodeDecodeError):
        known = None
    if known == text:
        return
    if known is not None:
        # Only where a gallery was: in any other folder, files of these names are the user's.
        for picture in pictures:
            _remove(os.path.join(folder, picture.file))
    _write(path, lambda temporary: _write_text(temporary, text))


def _draw_missing(
    folder: str,
    seed: int,
    pictures: list[GalleryPicture],
    on_progress: DrawProgress | None,
) -> None:
    families = [list(family) for _, family in groupby(pictures, key=lambda p: p.original)]
    done = 0
    # NumPy and Pillow let go of the interpreter while they draw, so threads are enough.
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        waiting = {
            pool.submit(_draw_family, folder, seed, family): len(family) for family in families
        }
        try:
            for finished in as_completed(waiting):
                finished.result()
                done += waiting[finished]
                if on_progress is not None:
                    on_progress(done, len(pictures))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _draw_family(folder: str, seed: int, family: list[GalleryPicture]) -> None:
    """Draw an original and its changed copies, unless they are all there."""
    missing = [p for p in family if not os.path.exists(os.path.join(folder, p.file))]
    if not missing:
        return
    original = family[0]
    rng = _generator(seed, original.file)
    size = _SIZES[int(rng.integers(len(_SIZES)))]
    image = KINDS[original.kind](rng, size)
    for picture in missing:
        path = os.path.join(folder, picture.file)
        changed = image
        if picture.change is not None:
            changed = CHANGES[picture.change](_generator(seed, picture.file), image)
        quality = 35 if picture.change == "squeeze" else 90
        _write(path, _saver(changed, quality))


def _generator(seed: int, file: str) -> np.random.Generator:
    """A generator of its own for each file: the order of drawing does not matter."""
    return np.random.default_rng([abs(seed), int(seed < 0), zlib.crc32(file.encode())])


def _saver(image: Image.Image, quality: int) -> Callable[[str], None]:
    return lambda path: image.save(path, "JPEG", quality=quality)


def _write(path: str, save: Callable[[str], None]) -> None:
    """Let `save` write under a temporary name, so that a file that is there is whole."""
    temporary = f"{path}.{os.getpid()}.part"
    try:
        save(temporary)
        os.replace(temporary, path)
    except BaseException:
        _remove(temporary)
        raise


def _write_text(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.remove(path)
