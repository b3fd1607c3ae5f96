import io

import pytest
from PIL import Image

from lookalike.decode import thumbnail
from lookalike.errors import DecodeError

from .samples import encoded, png, waves


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((1200, 800), 256, (256, 171)),
        ((800, 1200), 256, (171, 256)),
        ((100, 60), 256, (100, 60)),
        ((3000, 20), 64, (64, 1)),
        ((5, 5), 1, (1, 1)),
        ((1, 900), 64, (1, 64)),
    ],
)
@pytest.mark.parametrize("codec", ["JPEG", "PNG"])
def test_the_longest_side_fits(
    size: tuple[int, int], side: int, expected: tuple[int, int], codec: str
) -> None:
    with Image.open(io.BytesIO(thumbnail(encoded(waves(*size), codec), side))) as image:
        assert image.format == "JPEG"
        assert image.mode == "RGB"
        assert max(abs(a - b) for a, b in zip(image.size, expected, strict=True)) <= 1
        assert max(image.size) <= side


def test_it_is_small() -> None:
    assert len(thumbnail(encoded(waves(3000, 2000), "JPEG"), 256)) < 40_000


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_refused_picture_has_none() -> None:
    with pytest.raises(DecodeError):
        thumbnail(b"no picture", 64)
    with pytest.raises(DecodeError, match="over the limit"):
        thumbnail(png(12_000, 10_001, depth=1, colour=0), 64)
