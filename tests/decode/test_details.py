"""When and with which camera a picture was taken, as its file says."""

import io
from datetime import UTC, datetime

import pytest
from PIL import Image, features

from lookalike.decode import Details, decode, details_of
from tests.decode.samples import corners

ORIGINAL, DIGITIZED, CHANGED, MAKE, MODEL = 0x9003, 0x9004, 0x0132, 0x010F, 0x0110
NOON = int(datetime(2019, 7, 14, 12, 30, 5, tzinfo=UTC).timestamp())


def file_with(codec: str, first: dict[int, object], inner: dict[int, object]) -> bytes:
    """A picture with these tags in EXIF's two directories."""
    exif = Image.Exif()
    exif.update(first)
    exif.get_ifd(0x8769).update(inner)
    out = io.BytesIO()
    corners().save(out, codec, exif=exif)
    return out.getvalue()


CODECS = ["JPEG", "PNG", *(c for c in ("WEBP", "AVIF") if features.check(c.lower()))]


@pytest.mark.parametrize("codec", CODECS)
def test_details_are_read_from_every_codec_with_exif(codec: str) -> None:
    data = file_with(codec, {MAKE: "Canon", MODEL: "EOS R5"}, {ORIGINAL: "2019:07:14 12:30:05"})
    expected = Details(NOON, "Canon EOS R5")
    assert decode(data).details == expected
    assert decode(data, at_least=8).details == expected
    assert details_of(data) == expected


def test_details_are_read_from_tiff() -> None:
    # Pillow writes no inner directory into a TIFF.
    data = file_with("TIFF", {MAKE: "Canon", MODEL: "EOS R5"}, {})
    assert decode(data).details == details_of(data) == Details(None, "Canon EOS R5")


@pytest.mark.parametrize(
    ("first", "inner", "expected"),
    [
        ({}, {}, None),
        ({}, {ORIGINAL: "2019:07:14 12:30:05", DIGITIZED: "2020:01:01 00:00:00"}, NOON),
        ({}, {DIGITIZED: "2019:07:14 12:30:05"}, NOON),
        ({}, {ORIGINAL: "2019-07-14T12:30:05"}, NOON),
        ({}, {ORIGINAL: "0000:00:00 00:00:00"}, None),
        ({}, {ORIGINAL: "    :  :     :  :  "}, None),
        ({}, {ORIGINAL: "2019:13:14 12:30:05"}, None),
        ({}, {ORIGINAL: "yesterday"}, None),
        # When the file was last edited, not when the picture was taken.
        ({CHANGED: "2019:07:14 12:30:05"}, {}, None),
    ],
)
def test_times(first: dict[int, object], inner: dict[int, object], expected: int | None) -> None:
    assert decode(file_with("JPEG", first, inner)).details.taken == expected


@pytest.mark.parametrize(
    ("make", "model", "expected"),
    [
        ("Canon", "Canon EOS R5", "Canon EOS R5"),
        ("NIKON CORPORATION", "NIKON D850", "NIKON D850"),
        ("Apple", "iPhone 15 Pro", "Apple iPhone 15 Pro"),
        ("Apple", "", "Apple"),
        ("", "X100V", "X100V"),
        ("", "", None),
        ("  FUJIFILM\0junk", " X-T5 \n", "FUJIFILM X-T5"),
        ("M" * 300, "", "M" * 100),
    ],
)
def test_cameras(make: str, model: str, expected: str | None) -> None:
    data = file_with("JPEG", {MAKE: make, MODEL: model}, {})
    assert decode(data).details.camera == expected


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_damaged_exif_says_nothing() -> None:
    data = file_with("JPEG", {MAKE: "Canon"}, {ORIGINAL: "2019:07:14 12:30:05"})
    at = data.index(b"Exif\0\0") + 6
    for place in range(at, at + 60):
        damaged = data[:place] + b"\xff" + data[place + 1 :]
        assert decode(damaged).width == 48
        details_of(damaged)


def test_bytes_that_are_no_picture_say_nothing() -> None:
    assert details_of(b"") == details_of(b"no picture") == Details()
