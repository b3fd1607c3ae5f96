"""Formats that packages of their own read: HEIF, JPEG XL, cameras' raw files; and PSD."""

import struct

import numpy as np
import pytest
from PIL import Image

from lookalike.decode import codecs, decode, details_of, formats
from lookalike.decode.jxl import jxl_size
from lookalike.decode.picture import MAX_PIXELS
from lookalike.errors import DecodeError
from tests.decode.samples import BLUE, GREEN, RED, WHITE, corners, encoded, quarters, waves
from tests.support.codecs import heic, jxl, psd
from tests.support.dng import dng

pytest.importorskip("imagecodecs")
pytest.importorskip("pillow_heif")
pytest.importorskip("pi_heif")
pytest.importorskip("rawpy")


def assert_near(found: list[tuple[int, ...]], expected: list[tuple[int, ...]]) -> None:
    assert np.abs(np.array(found) - np.array(expected)).max() < 40, found


@pytest.mark.parametrize("at_least", [None, 16])
@pytest.mark.parametrize("kind", ["HEIF", "JPEG XL", "PSD"])
def test_each_is_read(kind: str, at_least: int | None) -> None:
    picture = corners(96, 64)
    data = {
        "HEIF": lambda: heic(picture),
        "JPEG XL": lambda: jxl(np.asarray(picture), lossless=True),
        "PSD": lambda: psd(picture),
    }[kind]()
    found = decode(data, at_least=at_least)
    assert (found.width, found.height, found.format) == (96, 64, kind)
    assert_near(quarters(np.asarray(found.image)), [RED, GREEN, BLUE, WHITE])


def test_heif_says_when_it_was_taken_and_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[271], exif[272] = "Apple", "iPhone 15"
    exif.get_ifd(0x8769)[0x9003] = "2024:01:02 03:04:05"
    data = heic(corners(96, 64), exif=exif.tobytes())
    found = decode(data)
    assert (found.width, found.height) == (64, 96)
    assert found.image.size == (64, 96)
    assert found.details.camera == "Apple iPhone 15"
    assert details_of(data) == found.details


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((20, 30), 128, np.uint8),
        np.full((20, 30, 3), 128 * 257, np.uint16),
        np.full((20, 30, 3), 0.5, np.float32),
    ],
    ids=["grey", "16 bits", "float"],
)
def test_jpeg_xl_of_other_depths(pixels: np.ndarray) -> None:
    found = decode(jxl(pixels, lossless=True))
    assert found.image.size == (30, 20)
    assert np.abs(np.asarray(found.image).astype(int) - 128).max() <= 1


def test_transparent_jpeg_xl_lies_on_white() -> None:
    pixels = np.zeros((16, 16, 4), np.uint8)
    assert decode(jxl(pixels, lossless=True)).image.getpixel((8, 8)) == (255, 255, 255)


@pytest.mark.parametrize(
    "size", [(1, 1), (8, 8), (16, 8), (24, 16), (255, 256), (300, 200), (640, 480), (33, 5000)]
)
@pytest.mark.parametrize("boxed", [False, True])
def test_the_size_of_a_jpeg_xl_is_known_before_it_is_decoded(
    size: tuple[int, int], boxed: bool
) -> None:
    data = jxl(np.zeros((size[1], size[0], 3), np.uint8), effort=1)
    if boxed and data.startswith(b"\xff\x0a"):
        box = struct.pack(">I", len(data) + 8) + b"jxlc" + data
        data = b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0\0\0\x14ftypjxl \0\0\0\0jxl " + box
    assert jxl_size(data) == size


def test_a_jpeg_xl_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    side = 2**17
    bits = 0 | 3 << 1 | (side - 1) << 3 | 1 << 33  # not small, 30 bits, as wide as high
    data = b"\xff\x0a" + bits.to_bytes(12, "little") + bytes(40)
    assert jxl_size(data) == (side, side)
    assert side * side > MAX_PIXELS
    with pytest.raises(DecodeError, match="over the limit"):
        decode(data)


def test_a_raw_file_without_a_preview_is_developed_at_half_its_size() -> None:
    found = decode(dng(corners(128, 96)), at_least=16)
    assert (found.width, found.height, found.format) == (128, 96, "RAW")
    assert found.image.size == (64, 48)
    pixels = quarters(np.asarray(found.image))
    assert [int(np.argmax(colour)) for colour in pixels[:3]] == [0, 1, 2]
    assert min(pixels[3]) > 128
    assert found.details.camera == "Lookalike One"


def test_a_raw_file_is_seen_by_the_preview_that_the_camera_made() -> None:
    preview = encoded(waves(128, 96), "JPEG", quality=95)
    found = decode(dng(corners(128, 96), preview), at_least=64)
    assert found.image.size == (128, 96)
    expected = np.asarray(waves(128, 96)).astype(int)
    assert np.abs(np.asarray(found.image) - expected).mean() < 8


def test_a_raw_file_stands_upright() -> None:
    data = dng(corners(128, 96), encoded(corners(128, 96), "JPEG", quality=95), orientation=6)
    found = decode(data)
    assert (found.width, found.height) == (96, 128)
    assert_near(quarters(np.asarray(found.image)), [BLUE, RED, WHITE, GREEN])
    found = decode(dng(corners(128, 96), orientation=6))
    assert [int(np.argmax(c)) for c in quarters(np.asarray(found.image))[:2]] == [2, 0]


def test_a_tiff_that_only_looks_like_a_raw_file_is_a_tiff() -> None:
    exif = Image.Exif()
    exif[271] = "Scanner"
    exif[330] = 8
    data = encoded(corners(), "TIFF", exif=exif)
    assert codecs.kind_of(data) == "RAW"
    assert decode(data).format == "TIFF"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (heic(corners()), "HEIF"),
        (jxl(np.asarray(corners())), "JPEG XL"),
        (dng(corners()), "RAW"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "RAW"),
        (b"FUJIFILMCCD-RAW 0201", "RAW"),
        (encoded(corners(), "AVIF"), None),
        (encoded(corners(), "TIFF"), None),
        (encoded(corners(), "PNG"), None),
        (b"", None),
        (b"II*\0\xff\xff\xff\xff", None),
    ],
)
def test_formats_are_told_by_content(
    data: bytes, kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert codecs.kind_of(data) == kind
    monkeypatch.setattr(codecs, "installed", lambda package: None)
    if kind is None:
        return
    extra = {"HEIF": "heif", "JPEG XL": "jxl", "RAW": "raw"}[kind]
    with pytest.raises(DecodeError, match=rf"pip install 'lookalike\[{extra}\]'"):
        decode(data)
    (known,) = (each for each in formats() if each.name == kind)
    assert (known.reads, known.extra) == (False, extra)
    assert "rawpy" not in codecs.reader()


def test_damaged_files() -> None:
    for data in (heic(waves(96, 64)), jxl(np.asarray(waves(96, 64))), dng(corners(128, 96))):
        for length in (20, 60, len(data) // 2):
            with pytest.raises(DecodeError, match=r"damaged|not a picture"):
                decode(data[:length])


def test_all_that_is_installed_is_told() -> None:
    known = {each.name: each for each in formats()}
    assert all(each.reads for each in known.values())
    assert known["JPEG"].package.startswith("pillow ")
    assert known["RAW"].package.startswith("rawpy ")
    assert ".nef" in known["RAW"].suffixes
