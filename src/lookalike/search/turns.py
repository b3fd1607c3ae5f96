"""The eight positions of a picture that mirroring and quarter turns give."""

from dataclasses import replace

from PIL import Image

from lookalike.decode import Picture
from lookalike.types import Orientation

_HOW: dict[Orientation, Image.Transpose | None] = {
    "upright": None,
    "mirrored": Image.Transpose.FLIP_LEFT_RIGHT,
    "upside-down": Image.Transpose.FLIP_TOP_BOTTOM,
    "turned-180": Image.Transpose.ROTATE_180,
    "turned-90": Image.Transpose.ROTATE_270,  # Pillow counts against the clock
    "turned-270": Image.Transpose.ROTATE_90,
    "transposed": Image.Transpose.TRANSPOSE,
    "transversed": Image.Transpose.TRANSVERSE,
}

ORIENTATIONS: tuple[Orientation, ...] = tuple(_HOW)


def turned(picture: Picture, orientation: Orientation) -> Picture:
    """A picture in another position."""
    how = _HOW[orientation]
    if how is None:
        return picture
    image = picture.image.transpose(how)
    if orientation in ("mirrored", "upside-down", "turned-180"):
        return replace(picture, image=image)
    return replace(picture, image=image, width=picture.height, height=picture.width)
