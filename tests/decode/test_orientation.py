import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from lookalike.decode import decode, thumbnail

from .samples import BLUE, GREEN, RED, WHITE, corners, encoded, quarters

_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True},
}

# Where a reader has to look for the red, green, blue and white quarters of the stored picture.
_UPRIGHT = {
    1: [RED, GREEN, BLUE, WHITE],
    2: [GREEN, RED, WHITE, BLUE],
    3: [WHITE, BLUE, GREEN, RED],
    4: [BLUE, WHITE, RED, GREEN],
    5: [RED, BLUE, GREEN, WHITE],
    6: [BLUE, RED, WHITE, GREEN],
    7: [WHITE, GREEN, BLUE, RED],
    8: [GREEN, WHITE, RED, BLUE],
}


def _oriented(codec: str, orientation: int, image: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, codec, exif=exif, **_OPTIONS.get(codec, {}))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("codec", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("at_least", [None, 8])
def test_every_orientation_is_upright(codec: str, orientation: int, at_least: int | None) -> None:
    picture = decode(_oriented(codec, orientation, corners(96, 64)), at_least=at_least)
    size = (64, 96) if orientation >= 5 else (96, 64)
    assert (picture.width, picture.height) == size
    assert (picture.image.width < picture.image.height) == (orientation >= 5)
    seen = np.array(quarters(np.asarray(picture.image)))
    assert np.abs(seen - np.array(_UPRIGHT[orientation])).max() <= (20 if codec == "AVIF" else 12)
    assert picture.image.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_agrees_with_pillow(orientation: int) -> None:
    data = _oriented("PNG", orientation, corners(40, 24))
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    assert np.array_equal(np.asarray(decode(data).image), expected)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
@pytest.mark.parametrize("codec", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_an_unknown_orientation_is_ignored(codec: str, orientation: int) -> None:
    picture = decode(_oriented(codec, orientation, corners()))
    assert (picture.width, picture.height) == (48, 32)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
@pytest.mark.parametrize("codec", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0garbage",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xff" * 40,
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x04abc\0\0\0\0\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
    ],
    ids=["words", "huge", "text for a number", "far away"],
)
def test_garbage_exif_does_not_cost_the_picture(codec: str, exif: bytes) -> None:
    picture = decode(encoded(corners(), codec, exif=exif))
    assert (picture.width, picture.height) == (48, 32)


def test_thumbnails_are_upright() -> None:
    with Image.open(io.BytesIO(thumbnail(_oriented("JPEG", 6, corners(960, 640)), 96))) as image:
        assert image.size == (64, 96)
        assert np.abs(np.array(quarters(np.asarray(image))) - np.array(_UPRIGHT[6])).max() <= 12
