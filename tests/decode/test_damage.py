"""Whatever arrives, decode gives a picture or a DecodeError."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from lookalike.decode import Picture, decode, thumbnail
from lookalike.errors import DecodeError

from .samples import corners, encoded, waves

# Damaged metadata makes Pillow warn; decode's own filter is undone by pytest.
pytestmark = pytest.mark.filterwarnings(r"ignore:::PIL\.")


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a description"
    return exif


_PICTURE = waves(40, 26)
_FILES = {
    "jpeg": encoded(_PICTURE, "JPEG", exif=_exif()),
    "progressive": encoded(_PICTURE, "JPEG", progressive=True),
    "cmyk": encoded(_PICTURE.convert("CMYK"), "JPEG"),
    "mpo": encoded(_PICTURE, "MPO", save_all=True, append_images=[corners()]),
    "png": encoded(_PICTURE, "PNG", exif=_exif()),
    "palette": encoded(_PICTURE.quantize(9), "PNG", transparency=0),
    "apng": encoded(_PICTURE, "PNG", save_all=True, append_images=[corners(40, 26)]),
    "gif": encoded(_PICTURE, "GIF", save_all=True, append_images=[corners(40, 26)]),
    "webp": encoded(_PICTURE, "WEBP", exif=_exif()),
    "avif": encoded(_PICTURE, "AVIF"),
    "tiff": encoded(_PICTURE, "TIFF", compression="tiff_lzw", exif=_exif()),
    "tiff16": encoded(Image.fromarray(np.arange(900, dtype=np.uint16).reshape(30, 30)), "TIFF"),
    "float": encoded(_PICTURE.convert("F"), "TIFF"),
    "bmp": encoded(_PICTURE, "BMP"),
    "ppm": encoded(_PICTURE, "PPM"),
    "jpeg2000": encoded(_PICTURE, "JPEG2000"),
}


def _decodes_or_says_why(data: bytes, at_least: int | None = None) -> None:
    try:
        picture = decode(data, at_least=at_least)
    except DecodeError as error:
        reason = str(error)
        assert reason
        assert "\n" not in reason
        return
    assert isinstance(picture, Picture)
    assert picture.image.mode == "RGB"
    assert np.asarray(picture.image).size > 0
    assert picture.width >= 1
    assert picture.height >= 1


_settings = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.parametrize("name", _FILES)
@_settings
@given(data=st.data())
def test_cut_anywhere(name: str, data: st.DataObject) -> None:
    whole = _FILES[name]
    _decodes_or_says_why(whole[: data.draw(st.integers(0, len(whole)))])


@pytest.mark.parametrize("name", _FILES)
@_settings
@given(data=st.data())
def test_bytes_changed(name: str, data: st.DataObject) -> None:
    damaged = bytearray(_FILES[name])
    # The headers are short and the most fragile, so half of the changes go there.
    place = st.one_of(st.integers(0, 120), st.integers(0, len(damaged) - 1))
    for at, value in data.draw(
        st.lists(st.tuples(place, st.integers(0, 255)), min_size=1, max_size=6)
    ):
        damaged[at % len(damaged)] = value
    _decodes_or_says_why(bytes(damaged), at_least=data.draw(st.sampled_from([None, 8, 448])))


@_settings
@given(st.binary(max_size=300), st.sampled_from([b"", *(f[:12] for f in _FILES.values())]))
def test_any_bytes_at_all(tail: bytes, head: bytes) -> None:
    _decodes_or_says_why(head + tail)


@pytest.mark.parametrize("name", _FILES)
def test_every_byte_of_the_header_set_to_the_extremes(name: str) -> None:
    whole = _FILES[name]
    for at in range(min(64, len(whole))):
        for value in (0, 255):
            _decodes_or_says_why(whole[:at] + bytes([value]) + whole[at + 1 :], at_least=8)


@_settings
@given(
    width=st.integers(1, 80),
    height=st.integers(1, 80),
    codec=st.sampled_from(["PNG", "BMP", "TIFF", "PPM"]),
    at_least=st.one_of(st.none(), st.integers(1, 100)),
)
def test_lossless_formats_of_any_size_come_back_exactly(
    width: int, height: int, codec: str, at_least: int | None
) -> None:
    original = waves(width, height)
    picture = decode(encoded(original, codec), at_least=at_least)
    assert (picture.width, picture.height) == (width, height)
    assert np.array_equal(np.asarray(picture.image), np.asarray(original))


@_settings
@given(width=st.integers(1, 400), height=st.integers(1, 400), side=st.integers(1, 90))
def test_thumbnails_never_exceed_their_side(width: int, height: int, side: int) -> None:
    small = decode(thumbnail(encoded(Image.new("RGB", (width, height)), "PNG"), side))
    assert max(small.width, small.height) <= max(side, 1)
