"""The demo gallery: what it holds, that it is drawn the same again, and that it can resume."""

import json
import os
from collections import Counter
from collections.abc import Callable
from itertools import combinations, groupby
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lookalike.demo import KINDS, MANIFEST, GalleryPicture, draw_gallery, plan
from lookalike.demo.changes import CHANGES
from lookalike.errors import LookalikeError

View: TypeAlias = Callable[[Image.Image], Image.Image]


def stop(_done: int, _total: int) -> None:
    """A progress listener during which somebody presses Ctrl-C."""
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def progress() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory, progress: list[tuple[int, int]]) -> Path:
    """The whole gallery of seed 0, drawn once."""
    folder = tmp_path_factory.mktemp("demo") / "gallery"
    drawn = draw_gallery(str(folder), on_progress=lambda done, all_: progress.append((done, all_)))
    assert drawn == len(plan())
    return folder


def manifest(folder: Path) -> list[dict[str, Any]]:
    pictures: list[dict[str, Any]] = json.loads((folder / MANIFEST).read_text())["pictures"]
    return pictures


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def thumbnail(image: Image.Image) -> NDArray[np.float64]:
    """24 x 24 colours: enough to tell pictures apart, too few to see their noise."""
    return np.asarray(image.resize((24, 24), Image.Resampling.BOX), dtype=float)


def distance(a: Image.Image, b: Image.Image) -> float:
    return float(np.abs(thumbnail(a) - thumbnail(b)).mean())


def lightness(image: Image.Image) -> Image.Image:
    return image.convert("L")


def brightest(image: Image.Image) -> Image.Image:
    """The brightest channel, which other hues leave as it is."""
    return image.convert("HSV").getchannel("V")


VIEWS: dict[str, View] = {"grey": lightness, "tint": brightest}
"""What a change of the colours leaves as it was."""


def families() -> list[list[GalleryPicture]]:
    return [list(family) for _, family in groupby(plan(), key=lambda picture: picture.original)]


def test_the_plan_has_a_few_hundred_pictures_in_a_dozen_kinds() -> None:
    pictures = plan()
    assert 300 <= len(pictures) <= 400
    assert len({picture.file for picture in pictures}) == len(pictures)
    for kind in KINDS:
        of_kind = [picture for picture in pictures if picture.kind == kind]
        originals = [picture for picture in of_kind if picture.change is None]
        assert 10 <= len(originals) <= 14
        assert all(picture.original == picture.file for picture in originals)
        assert {picture.change for picture in of_kind} == {None, *CHANGES}
        assert all(picture.file.startswith(f"{kind}/") for picture in of_kind)


def test_a_third_of_the_originals_have_no_copy() -> None:
    copies = Counter(len(family) - 1 for family in families())
    assert copies == {0: len(KINDS) * 4, 2: len(KINDS) * 8}


def test_the_manifest_lists_every_file_and_nothing_else_is_there(gallery: Path) -> None:
    listed = manifest(gallery)
    assert files(gallery) == {picture["file"] for picture in listed} | {MANIFEST}
    for picture, planned in zip(listed, plan(), strict=True):
        assert picture == {
            "file": planned.file,
            "kind": planned.kind,
            "original": planned.original,
            "change": planned.change,
        }


def test_every_file_is_a_small_jpeg_of_both_orientations(gallery: Path) -> None:
    shapes = Counter[str]()
    for picture in plan():
        path = gallery / picture.file
        assert 2_000 < path.stat().st_size < 200_000
        with Image.open(path) as image:
            image.load()
            assert (image.format, image.mode) == ("JPEG", "RGB")
            assert min(image.size) >= 150
            assert max(image.size) <= 480
            shapes["upright" if image.height > image.width else "lying"] += 1
    assert min(shapes["upright"], shapes["lying"]) > 80


def test_progress_rises_to_the_number_of_pictures(
    gallery: Path, progress: list[tuple[int, int]]
) -> None:
    assert gallery.is_dir()
    done = [step for step, _ in progress]
    assert done == sorted(set(done))
    assert progress[-1] == (len(plan()), len(plan()))


def test_the_originals_of_a_kind_differ(gallery: Path) -> None:
    for kind in KINDS:
        originals = [gallery / p.file for p in plan() if p.kind == kind and p.change is None]
        images = [Image.open(path) for path in originals]
        closest = min(distance(a, b) for a, b in combinations(images, 2))
        assert closest > 2, f"two pictures of {kind} look the same"


def test_a_changed_copy_differs_from_its_original_and_is_nearer_to_it_than_others(
    gallery: Path,
) -> None:
    # A crop shows another part, so its colours alone do not tell; it has a test of its own.
    originals = {p.file: Image.open(gallery / p.file) for p in plan() if p.change is None}
    for picture in plan():
        if picture.change is None or picture.change == "crop":
            continue
        copy = Image.open(gallery / picture.file).convert("RGB")
        original = originals[picture.original].convert("RGB")
        assert copy.size != original.size or copy.tobytes() != original.tobytes()
        if picture.change == "flip":
            copy = copy.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        view = VIEWS.get(picture.change, Image.Image.copy)
        there = {
            file: distance(view(copy), view(image))
            for file, image in originals.items()
            if file.startswith(f"{picture.kind}/")
        }
        assert min(there, key=lambda file: there[file]) == picture.original, picture.file


def test_a_crop_is_a_part_of_its_original(gallery: Path) -> None:
    for picture in plan():
        if picture.change != "crop":
            continue
        with (
            Image.open(gallery / picture.original) as original,
            Image.open(gallery / picture.file) as part,
        ):
            share = part.width / original.width
            assert share == pytest.approx(part.height / original.height, abs=0.01)
            assert 0.59 <= share <= 0.76
            whole = np.asarray(original.convert("L").reduce(4), dtype=float)
            piece = np.asarray(part.convert("L").reduce(4), dtype=float)
        windows = np.lib.stride_tricks.sliding_window_view(whole, piece.shape)
        # Every fourth row and column of the piece is enough to find it.
        apart = np.abs(windows[:, :, ::4, ::4] - piece[::4, ::4]).mean(axis=(2, 3))
        assert apart.min() < 0.5 * np.median(apart), picture.file


def test_the_same_seed_draws_the_same_bytes_and_only_what_is_missing(gallery: Path) -> None:
    """An interrupted run is repeated: what was lost comes back byte for byte, the rest stays."""
    lost = [
        picture.file
        for number, family in enumerate(families())
        if number % 12 == number // 12  # another original of each kind
        for picture in family
    ]
    before = {picture.file: (gallery / picture.file).read_bytes() for picture in plan()}
    stamps = {file: (gallery / file).stat().st_mtime_ns for file in before}
    assert {file.split("/")[0] for file in lost} == set(KINDS)
    for file in lost:
        (gallery / file).unlink()
    assert draw_gallery(str(gallery)) == len(plan())
    assert {file: (gallery / file).read_bytes() for file in before} == before
    changed = {file for file in before if (gallery / file).stat().st_mtime_ns != stamps[file]}
    assert changed == set(lost)


def test_a_lost_copy_is_drawn_again_without_touching_its_original(gallery: Path) -> None:
    copy = gallery / "sea" / "01-crop.jpg"
    before, stamp = copy.read_bytes(), (gallery / "sea" / "01.jpg").stat().st_mtime_ns
    copy.unlink()
    draw_gallery(str(gallery))
    assert copy.read_bytes() == before
    assert (gallery / "sea" / "01.jpg").stat().st_mtime_ns == stamp


def test_another_seed_draws_other_pictures_in_place_of_the_old(
    gallery: Path, tmp_path: Path
) -> None:
    old = {}
    for family in families()[::30]:
        for picture in family:
            target = tmp_path / picture.file
            target.parent.mkdir(exist_ok=True)
            target.write_bytes((gallery / picture.file).read_bytes())
            old[picture.file] = target.read_bytes()
    (tmp_path / MANIFEST).write_bytes((gallery / MANIFEST).read_bytes())
    with pytest.raises(KeyboardInterrupt):
        draw_gallery(str(tmp_path), seed=1, on_progress=stop)
    assert json.loads((tmp_path / MANIFEST).read_text())["seed"] == 1
    left = files(tmp_path)
    assert not [file for file in left if file.endswith(".part")]
    assert all((tmp_path / file).read_bytes() != old[file] for file in left & set(old))
    assert 0 < len(left) < len(plan())


def test_files_of_the_user_are_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "dusk-hills" / "01.jpg"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    with pytest.raises(KeyboardInterrupt):
        draw_gallery(str(tmp_path), on_progress=stop)
    assert mine.read_bytes() == b"mine"


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    blocked = tmp_path / "taken"
    blocked.write_bytes(b"a file")
    with pytest.raises(LookalikeError, match=r"cannot be drawn in .*taken") as caught:
        draw_gallery(str(blocked))
    assert isinstance(caught.value.__cause__, OSError)
    assert os.listdir(tmp_path) == ["taken"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_drawing_has_the_size_asked_for_and_depends_on_its_generator_only(kind: str) -> None:
    first, again, other = (
        KINDS[kind](np.random.default_rng(seed), (120, 160)) for seed in (5, 5, 6)
    )
    assert first.size == other.size == (120, 160)
    assert first.mode == "RGB"
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()
    assert np.asarray(first).std() > 10, "a picture, not a plain colour"
