"""Occlusion on scores whose answer is known."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lookalike.decode import Picture, from_image
from lookalike.search.occlusion import CELLS, falls


def red_square(width: int, height: int, box: tuple[int, int, int, int]) -> Picture:
    image = Image.new("RGB", (width, height), "navy")
    image.paste("red", box)
    return from_image(image)


def redness(pictures: Sequence[Picture]) -> NDArray[np.float32]:
    """How much of each picture is pure red."""
    pixels = [np.asarray(picture.image) for picture in pictures]
    return np.array([np.mean((p == (255, 0, 0)).all(axis=-1)) for p in pixels], np.float32)


@pytest.mark.parametrize("size", [(160, 160), (320, 160), (90, 210), (400, 40), (7, 5)])
def test_the_heat_lies_where_the_score_comes_from(size: tuple[int, int]) -> None:
    width, height = size
    box = (width // 2, 0, width * 3 // 4, height // 2)
    found = falls(red_square(width, height, box), redness)
    rows, columns = found.shares.shape
    assert rows * columns == pytest.approx(CELLS, rel=0.2)
    y, x = np.unravel_index(int(found.shares.argmax()), found.shares.shape)
    assert box[0] <= (x + 0.5) / columns * width <= box[2]
    assert (y + 0.5) / rows * height <= box[3] + height / rows
    assert found.shares.max() == 1
    assert found.shares.min() == 0
    assert 0 < found.largest <= redness([red_square(width, height, box)])[0]
    assert not found.shares[:, 0].any(), "the left of the picture is not red"


def test_where_nothing_matters_there_is_no_heat() -> None:
    plain = from_image(Image.new("RGB", (64, 64), "navy"))
    found = falls(plain, redness)
    assert found.largest == 0
    assert not found.shares.any()


def test_a_place_without_which_the_score_rises_is_cold() -> None:
    picture = red_square(160, 160, (0, 0, 80, 160))
    found = falls(picture, lambda pictures: 1 - redness(pictures))
    assert not found.shares.any()


def test_the_picture_itself_stays_as_it_was() -> None:
    picture = red_square(80, 80, (0, 0, 40, 40))
    before = picture.image.tobytes()
    falls(picture, redness)
    assert picture.image.tobytes() == before
