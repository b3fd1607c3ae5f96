"""Each change does to a picture what its name says, and leaves the original alone."""

import numpy as np
import pytest
from PIL import Image

from lookalike.demo.changes import CHANGES, crop, flip, grey, squeeze, tint, turn


@pytest.fixture
def picture() -> Image.Image:
    """Red rises to the right, green to the bottom; blue is even."""
    pixels = np.zeros((90, 120, 3), dtype=np.uint8)
    pixels[..., 0] = np.linspace(20, 220, 120, dtype=np.uint8)[None, :]
    pixels[..., 1] = np.linspace(20, 220, 90, dtype=np.uint8)[:, None]
    pixels[..., 2] = 60
    return Image.fromarray(pixels)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_makes_another_picture_and_leaves_the_first(
    name: str, picture: Image.Image, rng: np.random.Generator
) -> None:
    before = picture.tobytes()
    changed = CHANGES[name](rng, picture)
    assert picture.tobytes() == before
    assert changed.mode == "RGB"
    assert changed.size != picture.size or changed.tobytes() != before
    again = CHANGES[name](np.random.default_rng(11), picture)
    assert again.tobytes() == changed.tobytes()


def test_crop_keeps_the_pixels_of_a_part(picture: Image.Image, rng: np.random.Generator) -> None:
    part = np.asarray(crop(rng, picture))
    whole = np.asarray(picture)
    windows = np.lib.stride_tricks.sliding_window_view(whole, part.shape)
    assert bool((windows == part).all(axis=(-3, -2, -1)).any())


def test_flip_is_undone_by_itself(picture: Image.Image, rng: np.random.Generator) -> None:
    mirrored = flip(rng, picture)
    assert np.array_equal(np.asarray(mirrored), np.asarray(picture)[:, ::-1])
    assert flip(rng, mirrored).tobytes() == picture.tobytes()


def test_tint_turns_the_hues_and_leaves_greys_grey(
    picture: Image.Image, rng: np.random.Generator
) -> None:
    assert np.abs(np.asarray(tint(rng, picture), dtype=int) - np.asarray(picture)).mean() > 10
    plain = Image.new("RGB", (8, 8), (120, 120, 120))
    assert np.asarray(tint(rng, plain)).tolist() == np.asarray(plain).tolist()


def test_turn_shows_no_empty_corner() -> None:
    white = Image.new("RGB", (160, 90), "white")
    for seed in range(20):
        turned = np.asarray(turn(np.random.default_rng(seed), white))
        assert turned.min() == 255
        assert turned.shape[0] > 60


def test_grey_has_no_colour(picture: Image.Image, rng: np.random.Generator) -> None:
    pixels = np.asarray(grey(rng, picture))
    assert bool(
        (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all()
    )


def test_squeeze_halves_the_size(picture: Image.Image, rng: np.random.Generator) -> None:
    assert squeeze(rng, picture).size == (60, 45)
