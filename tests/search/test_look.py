"""The second look: the same picture after changes, and not another of its kind."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from lookalike.search.look import (
    Look,
    is_tilted,
    part_agreement,
    same_picture,
    shows,
    whole_agreement,
)
from tests.support.changes import CHANGES, compressed, cropped, resized
from tests.support.pictures import draw


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_picture_is_the_same(change: str) -> None:
    for seed in range(5):
        picture = draw(seed, 240, 180)
        changed = CHANGES[change](picture)
        assert same_picture(Look(picture), Look(changed)), seed
        assert same_picture(Look(changed), Look(picture)), seed


def test_pictures_of_their_own_are_not() -> None:
    looks = [Look(draw(seed, 240, 180)) for seed in range(12)]
    for place, one in enumerate(looks):
        for other in looks[:place]:
            assert not same_picture(one, other)


def test_agreement_is_whole_with_itself() -> None:
    look = Look(draw(3, 200, 200))
    assert whole_agreement(look, look) == pytest.approx((1, 1), abs=1e-5)
    part = Look(cropped(0.75)(draw(3, 200, 200)))
    assert part_agreement(look, part)[0] > part_agreement(part, look)[0]
    assert shows(look, part)
    assert not shows(part, look)


def sea(seed: int) -> Image.Image:
    """A horizon, always in one place, and ships, never in the same."""
    picture = Image.new("RGB", (160, 160), (120, 170, 230))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 72, 160, 160), fill=(10, 60, 110))
    random = np.random.default_rng(seed)
    for _ in range(7):
        x, y = (int(value) for value in random.integers(0, 150, 2))
        width, height = (int(value) for value in random.integers(4, 28, 2))
        shade = tuple(int(value) for value in random.integers(0, 256, 3))
        pen.rectangle((x, y, x + width, y + height), fill=shade)
    return picture


def test_a_horizon_alone_makes_no_picture_the_same() -> None:
    looks = [Look(sea(seed)) for seed in range(6)]
    assert not any(same_picture(one, other) for n, one in enumerate(looks) for other in looks[:n])
    assert same_picture(Look(sea(2)), Look(CHANGES["cropped to 90 %"](sea(2))))


def test_pictures_without_edges_are_never_the_same() -> None:
    flat = Look(Image.new("RGB", (50, 50), "red"))
    assert whole_agreement(flat, flat) == (0, 0)
    assert not same_picture(flat, Look(Image.new("RGB", (50, 50), "blue")))
    assert not same_picture(flat, Look(draw(1)))


@pytest.mark.parametrize("degrees", [-11, -7, -2, 3, 5, 10])
@pytest.mark.parametrize("kept", [1.0, 0.9, 0.8])
def test_a_tilted_picture_is_the_same(degrees: float, kept: float) -> None:
    for seed in range(5):
        picture = draw(seed, 200, 200)
        tilted = cropped(kept)(picture.rotate(degrees, Image.Resampling.BICUBIC))
        look, other = Look(picture), Look(compressed(60)(tilted))
        assert is_tilted(look, other), seed
        assert is_tilted(other, look), seed


def test_pictures_of_their_own_are_not_tilted_ones() -> None:
    looks = [Look(draw(seed, 240, 180)) for seed in range(12)] + [Look(sea(n)) for n in range(6)]
    for place, one in enumerate(looks):
        for other in looks[:place]:
            assert not is_tilted(one, other)
    nothing = Look(Image.new("RGB", (80, 80), "white"))
    assert not is_tilted(nothing, nothing)


def test_any_shape() -> None:
    for size in ((1, 1), (1, 300), (2000, 3)):
        same_picture(Look(Image.new("RGB", size, "red")), Look(draw(1)))


def textured(seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((192, 192), Image.Resampling.BICUBIC)


def test_a_copy_smaller_than_a_look_has_no_edges_of_its_pixels() -> None:
    picture = textured(1)
    assert whole_agreement(Look(picture), Look(resized(0.2)(picture)))[0] > 0.95


@pytest.mark.parametrize("shade", ["white", "black", "#7f7f7f"])
@pytest.mark.parametrize("quality", [30, 90])
def test_a_frame_is_not_looked_at(quality: int, shade: str) -> None:
    for seed in range(5):
        picture = textured(seed)
        framed = compressed(quality)(ImageOps.expand(picture, (12, 9, 20, 14), shade))
        assert whole_agreement(Look(picture), Look(framed))[0] > 0.8, seed


def test_a_thing_in_front_of_nothing_keeps_what_is_around_it() -> None:
    thing = draw(4, 60, 60)
    alone = ImageOps.expand(thing, 60, "white")
    assert not same_picture(Look(thing), Look(alone))
