import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lookalike.decode import decode, from_image
from lookalike.encoders import InputSpec
from lookalike.encoders.preprocess import decode_hint, to_pixels
from lookalike.types import Pixels

from ..decode.samples import encoded, waves

_MEAN = (0.485, 0.456, 0.406)
_STRETCH = InputSpec(width=224, height=224, mean=_MEAN, std=_MEAN)
_CROP = replace(_STRETCH, resize="crop", crop_fraction=0.875)
_SIZES = [
    (224, 224), (256, 256), (150, 150), (640, 480), (480, 640), (333, 257), (257, 333),
    (225, 223), (100, 37), (37, 100), (501, 375), (1, 1), (3, 5), (1000, 230), (231, 999),
]  # fmt: skip


def _torchvision(image: Image.Image, short: int, side: int, how: str) -> Pixels:
    from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

    steps = Compose([Resize(short, interpolation=InterpolationMode(how)), CenterCrop(side)])
    return np.asarray(steps(image))


@pytest.mark.parametrize("size", _SIZES)
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest", "lanczos"])
@pytest.mark.parametrize("fraction", [0.875, 1.0, 0.9])
def test_crop_is_torchvisions(size: tuple[int, int], interpolation: str, fraction: float) -> None:
    spec = replace(_CROP, interpolation=interpolation, crop_fraction=fraction)  # type: ignore[arg-type]
    image = waves(*size)
    expected = _torchvision(image, int(224 / fraction), 224, interpolation)
    seen = to_pixels(from_image(image), spec)
    assert seen.shape == (224, 224, 3)
    assert seen.dtype == np.uint8
    # Up to twice the target nothing is averaged first, and not a single value differs.
    if max(size) <= 2 * 224:
        assert np.array_equal(seen, expected)
    else:
        assert np.abs(seen.astype(int) - expected).mean() < 1.5


@pytest.mark.parametrize("size", _SIZES)
@pytest.mark.parametrize("target", [(224, 224), (96, 160)])
def test_stretch_is_the_whole_picture(size: tuple[int, int], target: tuple[int, int]) -> None:
    from torchvision.transforms import Resize

    spec = replace(_STRETCH, width=target[0], height=target[1])
    image = waves(*size)
    expected = np.asarray(Resize((target[1], target[0]))(image))
    seen = to_pixels(from_image(image), spec)
    assert seen.shape == (target[1], target[0], 3)
    if size[0] <= 2 * target[0] and size[1] <= 2 * target[1]:
        assert np.array_equal(seen, expected)
    else:
        assert np.abs(seen.astype(int) - expected).mean() < 1.5


@pytest.mark.parametrize("spec", [_STRETCH, _CROP], ids=["stretch", "crop"])
@pytest.mark.parametrize("size", [(3000, 2000), (2000, 3001), (4000, 900)])
def test_a_large_jpeg_decoded_small_gives_nearly_the_same_pixels(
    spec: InputSpec, size: tuple[int, int]
) -> None:
    data = encoded(waves(*size), "JPEG", quality=92)
    full = to_pixels(decode(data), spec).astype(int)
    small = to_pixels(decode(data, at_least=decode_hint(spec)), spec).astype(int)
    assert np.abs(full - small).mean() < 4


def test_crop_of_a_picture_that_is_not_square_takes_the_middle() -> None:
    image = Image.new("RGB", (900, 300), (255, 0, 0))
    image.paste((0, 0, 255), (300, 0, 600, 300))
    seen = to_pixels(from_image(image), replace(_CROP, crop_fraction=1.0))
    assert seen[:, 8:-8].reshape(-1, 3).min(axis=0).tolist() == [0, 0, 255]


@pytest.mark.parametrize("size", [(65_000, 1), (1, 65_000), (60_001, 20), (20, 60_001)])
def test_the_ends_of_a_long_strip_are_not_resized(size: tuple[int, int]) -> None:
    """All of 65,000 x 1 at 256 pixels high would be 17 gigabytes."""
    image = Image.new("RGB", size, (255, 0, 0))
    left, top = (max(0, side // 2 - 200) for side in size)
    image.paste((0, 0, 255), (left, top, left + 400, top + 400))
    started = time.monotonic()
    seen = to_pixels(from_image(image), _CROP)
    assert time.monotonic() - started < 5
    assert seen[112, 112].tolist() == [0, 0, 255]


def test_a_strip_is_cut_about_its_middle() -> None:
    image = waves(2500, 101)
    expected = _torchvision(image, 256, 224, "bilinear")
    seen = to_pixels(from_image(image), _CROP)
    assert np.abs(seen.astype(int) - expected).max() <= 2


def test_decode_hint_keeps_twice_what_is_needed() -> None:
    assert decode_hint(_STRETCH) == 448
    assert decode_hint(_CROP) == 512
    assert decode_hint(replace(_STRETCH, width=96, height=320)) == 640
