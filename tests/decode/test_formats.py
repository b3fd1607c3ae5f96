import io

import numpy as np
import pytest
from PIL import Image

from lookalike.decode import decode, from_image
from lookalike.errors import DecodeError

from .samples import BLUE, GREEN, RED, WHITE, corners, encoded, quarters, waves


@pytest.mark.parametrize(
    ("codec", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("DIB", {}, 0),
        ("PPM", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("TIFF", {"compression": "jpeg", "quality": 95}, 12),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 95}, 24),
        ("JPEG2000", {"irreversible": False}, 0),
        ("AVIF", {"quality": 95}, 12),
        ("JPEG", {"quality": 95, "subsampling": 0}, 12),
        ("JPEG", {"quality": 95, "subsampling": 0, "progressive": True}, 12),
    ],
)
@pytest.mark.parametrize("at_least", [None, 4, 224])
def test_every_format_gives_its_colours(
    codec: str, options: dict[str, object], tolerance: int, at_least: int | None
) -> None:
    picture = decode(encoded(corners(), codec, **options), at_least=at_least)
    assert picture.image.mode == "RGB"
    assert (picture.width, picture.height) == (48, 32)
    assert picture.format == codec
    seen = np.array(quarters(np.asarray(picture.image)))
    assert np.abs(seen - np.array([RED, GREEN, BLUE, WHITE])).max() <= tolerance


def test_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in (RED, GREEN, BLUE)]
    for codec in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
        data = encoded(frames[0], codec, save_all=True, append_images=frames[1:])
        picture = decode(data)
        red, green, blue = np.asarray(picture.image)[5, 10].tolist()
        assert red >= 250, codec
        assert max(green, blue) <= 5, codec
        assert picture.image.size == (20, 10)


def test_multi_picture_jpeg() -> None:
    frames = [Image.new("RGB", (40, 24), colour) for colour in (RED, GREEN)]
    picture = decode(encoded(frames[0], "MPO", save_all=True, append_images=frames[1:]))
    assert picture.format == "JPEG"
    assert np.asarray(picture.image)[12, 20, 0] >= 250


def _cmyk(width: int = 48, height: int = 32) -> Image.Image:
    """The four quarters as ink, 0 for none: red is magenta and yellow, and so on."""
    ink = np.zeros((height, width, 4), dtype=np.uint8)
    ink[: height // 2, : width // 2] = (0, 255, 255, 0)
    ink[: height // 2, width // 2 :] = (255, 0, 255, 0)
    ink[height // 2 :, : width // 2] = (255, 255, 0, 0)
    return Image.fromarray(ink, mode="CMYK")


def _without_adobe_marker(data: bytes) -> bytes:
    at = data.index(b"\xff\xee")
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    assert data[at + 4 : at + 9] == b"Adobe"
    return data[:at] + data[at + 2 + length :]


def test_adobe_cmyk_jpeg_stores_ink_inverted() -> None:
    data = encoded(_cmyk(), "JPEG", quality=95)
    assert b"Adobe" in data[:200]
    seen = np.array(quarters(np.asarray(decode(data).image)))
    assert np.abs(seen - np.array([RED, GREEN, BLUE, WHITE])).max() <= 12


def test_plain_cmyk_jpeg_stores_ink_as_it_is() -> None:
    inverted = Image.fromarray(255 - np.asarray(_cmyk()), mode="CMYK")
    data = _without_adobe_marker(encoded(inverted, "JPEG", quality=95))
    seen = np.array(quarters(np.asarray(decode(data).image)))
    assert np.abs(seen - np.array([RED, GREEN, BLUE, WHITE])).max() <= 12


def test_cmyk_tiff() -> None:
    seen = quarters(np.asarray(decode(encoded(_cmyk(), "TIFF")).image))
    assert seen == [RED, GREEN, BLUE, WHITE]


def _ramp16() -> np.ndarray[tuple[int, int], np.dtype[np.uint16]]:
    return np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)


@pytest.mark.parametrize(
    ("codec", "order"),
    [("PNG", "<"), ("TIFF", "<"), ("TIFF", ">"), ("PPM", "<"), ("JPEG2000", "<")],
)
def test_16_bit_grey_keeps_its_whole_range(codec: str, order: str) -> None:
    ramp = _ramp16()
    if order == ">":
        image = Image.frombytes("I;16B", (64, 64), ramp.astype(">u2").tobytes())
    else:
        image = Image.fromarray(ramp)
    pixels = np.asarray(decode(encoded(image, codec)).image)
    expected = np.round(ramp / 257)
    assert np.abs(pixels - expected[..., None]).max() <= 1
    assert pixels.min() == 0
    assert pixels.max() == 255


def test_16_bit_colour_png_keeps_its_range() -> None:
    from .samples import png

    data = png(4, 2, depth=16, row=bytes.fromhex("ffff 0000 8000" * 4))
    assert np.asarray(decode(data).image)[0, 0].tolist() == [255, 0, 128]


def test_32_bit_integer_tiff_is_scaled_by_its_maximum() -> None:
    values = np.array([[0, 50_000], [100_000, 200_000]], dtype=np.int32)
    pixels = np.asarray(decode(encoded(Image.fromarray(values), "TIFF")).image)
    assert pixels[..., 0].tolist() == [[0, 64], [128, 255]]


def test_float_tiff_is_scaled_by_its_maximum_and_survives_nan() -> None:
    values = np.array([[0.0, 0.5], [np.nan, 1.0]], dtype=np.float32)
    pixels = np.asarray(decode(encoded(Image.fromarray(values), "TIFF")).image)
    assert pixels[..., 0].tolist() == [[0, 128], [0, 255]]


def test_infinite_and_negative_floats_stay_in_range() -> None:
    values = np.array([[-np.inf, -3.0], [np.inf, -1.0]], dtype=np.float32)
    pixels = np.asarray(decode(encoded(Image.fromarray(values), "TIFF")).image)
    assert pixels.max() == 0


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("codec", ["PNG", "TIFF", "WEBP"])
def test_transparency_is_laid_on_white(mode: str, codec: str) -> None:
    alpha = np.zeros((8, 8), dtype=np.uint8)
    alpha[:, 2:4] = 128
    alpha[:, 4:] = 255
    image = Image.new("L", (8, 8), 0).convert("RGB")
    image.putalpha(Image.fromarray(alpha))
    if codec == "WEBP":
        data = encoded(image, codec, lossless=True, exact=True)
    else:
        data = encoded(image.convert(mode), codec)
    row = np.asarray(decode(data).image)[4, :, 0].tolist()
    assert row == [255, 255, 127, 127, 0, 0, 0, 0]


@pytest.mark.parametrize("codec", ["PNG", "GIF"])
def test_palette_with_a_transparent_entry(codec: str) -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([10, 20, 30, 200, 100, 0])
    image.paste(1, (4, 0, 8, 8))
    pixels = np.asarray(decode(encoded(image, codec, transparency=0)).image)
    assert pixels[4, 1].tolist() == [255, 255, 255]
    assert pixels[4, 6].tolist() == [200, 100, 0]


def test_palette_with_alpha_for_each_entry() -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([0, 0, 0, 200, 100, 0])
    image.paste(1, (4, 0, 8, 8))
    pixels = np.asarray(decode(encoded(image, "PNG", transparency=b"\x80\xff")).image)
    assert pixels[4, 1].tolist() == [127, 127, 127]
    assert pixels[4, 6].tolist() == [200, 100, 0]


def test_a_transparent_colour_of_an_rgb_png() -> None:
    data = encoded(corners(), "PNG", transparency=RED)
    assert quarters(np.asarray(decode(data).image)) == [WHITE, GREEN, BLUE, WHITE]


def test_bilevel_and_grey() -> None:
    for mode in ("1", "L"):
        pixels = np.asarray(decode(encoded(Image.new(mode, (9, 5), 255), "PNG")).image)
        assert pixels.shape == (5, 9, 3)
        assert pixels.min() == 255


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "L", "I;16", "CMYK"])
def test_a_large_picture_is_shrunk_without_losing_its_colours(mode: str) -> None:
    """Above 8 million pixels another path is taken; the result is the same."""
    size = (3600, 2400)
    if mode == "I;16":
        image = Image.fromarray(np.full((2400, 3600), 32896, dtype=np.uint16))
    elif mode == "LA":
        image = Image.new("LA", size, (0, 127))
    elif mode == "RGBA":
        image = Image.new("RGBA", size, (0, 0, 0, 127))
    elif mode == "P":
        image = Image.new("P", size, 1)
        image.putpalette([0, 0, 0, 128, 128, 128])
    elif mode == "CMYK":
        image = Image.new("CMYK", size, (127, 127, 127, 0))
    else:
        image = Image.new(mode, size, 128 if mode == "L" else (128, 128, 128))
    data = encoded(image, "TIFF" if mode == "CMYK" else "PNG", compress_level=1)
    picture = decode(data, at_least=448)
    assert (picture.width, picture.height) == size
    assert 448 <= min(picture.image.size) < 2 * 448
    assert np.unique(np.asarray(picture.image)).tolist() == [128]


@pytest.mark.parametrize("progressive", [False, True])
def test_a_large_jpeg_reduced_looks_like_the_full_one(progressive: bool) -> None:
    data = encoded(waves(2400, 1600), "JPEG", quality=92, progressive=progressive)
    full, small = decode(data), decode(data, at_least=448)
    assert (small.width, small.height) == (full.width, full.height) == (2400, 1600)
    assert full.image.size == (2400, 1600)
    assert 448 <= min(small.image.size) < 1600
    a, b = (
        np.asarray(p.image.resize((224, 224), Image.Resampling.BILINEAR), dtype=np.float32)
        for p in (full, small)
    )
    assert np.abs(a - b).mean() < 2
    assert np.abs(a - b).max() < 24


def test_a_small_jpeg_is_never_reduced_below_what_is_kept() -> None:
    data = encoded(waves(500, 460), "JPEG")
    assert decode(data, at_least=448).image.size == (500, 460)


_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9"/></svg>'


@pytest.mark.parametrize(
    "data",
    [
        encoded(corners(), "EPS"),
        encoded(corners(), "PDF"),
        encoded(corners(), "ICO"),
        encoded(corners(), "TGA"),
        encoded(corners(), "PCX"),
        encoded(corners(), "SGI"),
        encoded(corners(), "ICNS"),
        _SVG,
        b"hello, I am a text file named .jpg\n" * 50,
        b"<html><body>404</body></html>",
        b"\x00",
    ],
    ids=["eps", "pdf", "ico", "tga", "pcx", "sgi", "icns", "svg", "text", "html", "nul"],
)
def test_other_formats_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError, match="not a picture in a format that this install reads"):
        decode(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(40), "it is damaged: its HEIF data"),
        (b"\xff\x0a" + bytes(40), "it is damaged"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "it is damaged"),
        (encoded(waves(300, 200), "JPEG")[:4000], "it is damaged: .*truncated"),
        (encoded(waves(300, 200), "PNG")[:9000], "it is damaged"),
    ],
    ids=["empty", "heic", "jxl", "jpeg header", "jpeg cut", "png cut"],
)
def test_the_reason_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        decode(data)


def test_an_image_that_somebody_opened_is_upright_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(corners(), "JPEG", quality=95, subsampling=0, exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        picture = from_image(image)
    assert np.array_equal(np.asarray(picture.image), np.asarray(decode(data).image))
    assert (picture.width, picture.height) == (32, 48)


def test_an_image_made_in_memory_is_taken_as_it_is() -> None:
    picture = from_image(corners())
    assert picture.format == "unknown"
    assert quarters(np.asarray(picture.image)) == [RED, GREEN, BLUE, WHITE]


def test_an_image_whose_file_is_damaged() -> None:
    data = encoded(waves(300, 200), "JPEG")[:4000]
    with Image.open(io.BytesIO(data)) as image, pytest.raises(DecodeError, match="damaged"):
        from_image(image)
