"""Hygiene: the same picture is never on both sides, nor under two labels."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.errors import TrainingError
from lookalike.training.dataset import Dataset, list_classes, read
from lookalike.training.events import ignore
from lookalike.training.hygiene import conflicting, groups, signatures, twins_within
from lookalike.training.split import split
from tests.training.conftest import small_recipe
from tests.training.folders import picture, write_classes


def load(folder: Path, cache: Path) -> Dataset:
    return read(list_classes(str(folder)), 48, str(cache), ignore)


def test_copies_are_found_whatever_their_size_and_compression() -> None:
    original = picture("red", 1, side=96)
    small = original.resize((48, 48), Image.Resampling.BILINEAR)
    other = picture("red", 2, side=96)
    marks = signatures(
        np.stack([np.asarray(one.resize((64, 64))) for one in (original, small, other)])
    )
    dataset = Dataset(
        ("a",), np.zeros(0, np.uint8), np.zeros(3, np.int64), [""] * 3, [b"1", b"2", b"3"]
    )
    assert twins_within(dataset, marks).tolist() == [[0, 1]]


def test_a_picture_of_one_colour_is_only_like_its_own_bytes() -> None:
    flat = np.full((2, 16, 16, 3), 77, np.uint8)
    dataset = Dataset(("a",), flat, np.zeros(2, np.int64), ["", ""], [b"1", b"2"])
    assert twins_within(dataset, signatures(flat)).tolist() == []
    dataset.digests = [b"1", b"1"]
    assert twins_within(dataset, signatures(flat)).tolist() == [[0, 1]]


def test_groups_follow_chains() -> None:
    pairs = np.array([[1, 2], [2, 4]])
    assert groups(5, pairs).tolist() == [0, 1, 1, 3, 1]


def test_two_labels_in_a_group_conflict() -> None:
    group = np.array([0, 0, 2, 2])
    assert conflicting(np.array([0, 1, 1, 1]), group).tolist() == [True, True, False, False]


def test_copies_stay_on_one_side_and_two_labels_are_left_out(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "set", 12)
    for number in range(12):  # every red picture once more, recompressed
        picture("red", 2000 + number).save(folder / "red" / f"copy{number:03d}.jpg", quality=70)
    picture("blue", 5).save(folder / "green" / "torn.png")
    dataset = load(folder, tmp_path / "pixels.npy")
    parts = split(dataset, None, None, small_recipe())
    names = [Path(path).stem.removeprefix("copy") for path in dataset.paths]
    red = dataset.classes.index("red")
    sides = [
        {names[index] for index in side.tolist() if dataset.labels[index] == red}
        for side in (parts.train, parts.val)
    ]
    assert not sides[0] & sides[1]
    assert len(sides[1]) == 3
    torn = sorted(Path(one.path).relative_to(folder).as_posix() for one in parts.two_labels)
    assert torn == ["blue/005.png", "green/torn.png"]
    assert parts.twins == 13


def test_a_class_that_is_one_picture_cannot_be_split(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "set", 4)
    for path in sorted((folder / "red").iterdir())[1:]:
        path.unlink()
    with pytest.raises(TrainingError, match=r"the class 'red' has no picture left to train with"):
        split(load(folder, tmp_path / "pixels.npy"), None, None, small_recipe())


def test_a_folder_with_one_class(tmp_path: Path) -> None:
    (tmp_path / "only").mkdir()
    with pytest.raises(TrainingError, match=r"at least two classes.*only 'only'"):
        list_classes(str(tmp_path))


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is not a folder"):
        list_classes(str(tmp_path / "nowhere"))


def test_an_empty_class(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "set", 2)
    (folder / "yellow").mkdir()
    with pytest.raises(TrainingError, match=r"'yellow' .* has no pictures"):
        list_classes(str(folder))


def test_a_validation_folder_with_other_classes(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "set", 2)
    with pytest.raises(TrainingError, match="give both the same sub-folders"):
        list_classes(str(folder), ("cats", "dogs"))


def test_unreadable_files_are_listed(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "set", 2)
    (folder / "red" / "bad.jpg").write_bytes(b"no picture")
    dataset = load(folder, tmp_path / "pixels.npy")
    assert [Path(one.path).name for one in dataset.skipped] == ["bad.jpg"]
    assert len(dataset) == 6


def test_a_class_of_unreadable_files(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "set", 2)
    for path in (folder / "red").iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(TrainingError, match=r"no picture of the class 'red' .* can be read"):
        load(folder, tmp_path / "pixels.npy")
