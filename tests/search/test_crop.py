"""The part of a picture that a query means."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lookalike.decode import decode
from lookalike.errors import QueryError
from lookalike.search.crop import cut, decode_part
from lookalike.types import Crop
from tests.decode.samples import corners, encoded, waves

PNG = encoded(corners(48, 32), "PNG")


@pytest.mark.parametrize(
    "crop", [(24, 16, 12, 8), (0.5, 0.5, 0.25, 0.25), (0.5 + 1e-9, 0.5, 0.25, 0.25)]
)
def test_pixels_and_shares_mean_the_same_part(crop: Crop) -> None:
    part = decode_part(PNG, crop, at_least=8)
    assert part.image.size == (part.width, part.height) == (12, 8)
    assert part.image.getcolors() == [(96, (255, 255, 255))]


def test_the_whole_is_the_whole() -> None:
    for crop in (None, (0, 0, 48, 32), (0.0, 0.0, 1.0, 1.0)):
        part = decode_part(PNG, crop, at_least=8)
        np.testing.assert_array_equal(np.asarray(part.image), np.asarray(decode(PNG).image))


def test_a_crop_is_of_the_upright_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    out = io.BytesIO()
    corners().save(out, "PNG", exif=exif)
    upright = decode(out.getvalue()).image
    part = decode_part(out.getvalue(), (0.0, 0.0, 0.25, 0.25), at_least=8)
    assert part.image.getpixel((0, 0)) == upright.getpixel((0, 0))
    assert part.image.getcolors() is not None


def test_a_part_of_a_large_photo_keeps_its_detail() -> None:
    data = encoded(waves(1600, 1200), "JPEG", quality=95)
    part = decode_part(data, (0.25, 0.25, 0.125, 0.125), at_least=140)
    assert min(part.image.size) >= 140
    assert (part.width, part.height) == (200, 150)
    whole = decode_part(data, None, at_least=140)
    assert min(whole.image.size) < 600, "the whole is decoded at a small scale"


@pytest.mark.parametrize(
    "crop",
    [
        (0, 0, 0, 5),
        (0, 0, 5, 0),
        (-1, 0, 5, 5),
        (40, 0, 9, 5),
        (0, 30, 5, 3),
        (0.0, 0.0, 0.0, 0.5),
        (0.6, 0.0, 0.5, 0.5),
        (0.0, 0.0, 0.5, 1.1),
        (float("nan"), 0.0, 0.5, 0.5),
        (0.0, 0.0, float("inf"), 0.5),
        (10, 0, 0.5, 0.5),
    ],
)
def test_what_is_no_part_is_refused(crop: Crop) -> None:
    with pytest.raises(QueryError, match="the crop"):
        decode_part(PNG, crop, at_least=8)


shares = st.floats(0, 1, allow_nan=False, width=32)


@given(x=shares, y=shares, w=shares, h=shares)
def test_any_part_has_a_pixel_and_lies_inside(x: float, y: float, w: float, h: float) -> None:
    crop = (x * 0.999, y * 0.999, max(1e-4, w * (1 - x * 0.999)), max(1e-4, h * (1 - y * 0.999)))
    if crop[0] + crop[2] > 1 or crop[1] + crop[3] > 1:
        return
    picture = decode(PNG)
    part = cut(picture, crop)
    assert 1 <= part.image.width <= 48
    assert 1 <= part.image.height <= 32
    assert abs(part.image.width - crop[2] * 48) <= 2
    assert abs(part.image.height - crop[3] * 32) <= 2
