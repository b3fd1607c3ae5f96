"""The part of a picture that a query means."""

import math
from dataclasses import replace

from lookalike.decode import Picture, decode
from lookalike.errors import QueryError
from lookalike.source import Media
from lookalike.types import Crop

_SLACK = 1e-6
"""Shares that were computed from pixels may end a hair outside."""


def decode_part(
    media: Media, crop: Crop | None, at_least: int, frame: int | None = None
) -> Picture:
    """Decode a picture, or the part of it that `crop` says, so that `at_least` pixels remain.

    Args:
        media: the encoded file.
        crop: a part, or None for all.
        at_least: pixels that each side of the result should have, where the file has them.
        frame: of a film, see `lookalike.decode.decode`.

    Raises:
        DecodeError: the bytes are no picture that we accept.
        QueryError: the crop is no part of the picture.
    """
    if crop is None:
        return decode(media, at_least=at_least, frame=frame)
    return cut(decode_for_part(media, crop, at_least, frame), crop)


def decode_for_part(media: Media, crop: Crop, at_least: int, frame: int | None = None) -> Picture:
    """Decode all of a picture, so that `at_least` pixels of a part of it remain.

    Raises:
        see `decode_part`.
    """
    check_crop(crop)
    if _in_pixels(crop):
        return decode(media, frame=frame)
    # A small part of a large photo needs the photo at a larger scale than the whole of it would.
    return decode(media, at_least=math.ceil(at_least / min(crop[2:])), frame=frame)


def cut(picture: Picture, crop: Crop) -> Picture:
    """The part of a picture.

    Raises:
        QueryError: the crop is no part of the picture.
    """
    check_crop(crop)
    left, top, width, height = crop
    if _in_pixels(crop):
        if left + width > picture.width or top + height > picture.height:
            raise QueryError(
                f"the crop {_shown(crop)} reaches out of the picture, which has "
                f"{picture.width} x {picture.height} pixels"
            )
        left, width = left / picture.width, width / picture.width
        top, height = top / picture.height, height / picture.height
    across, down = picture.image.size
    # At least the one pixel that the middle of the part lies in.
    x = min(int(left * across + _SLACK), across - 1)
    y = min(int(top * down + _SLACK), down - 1)
    right = max(x + 1, min(across, math.ceil((left + width) * across - _SLACK)))
    bottom = max(y + 1, min(down, math.ceil((top + height) * down - _SLACK)))
    return replace(
        picture,
        image=picture.image.crop((x, y, right, bottom)),
        width=max(1, round(width * picture.width)),
        height=max(1, round(height * picture.height)),
    )


def in_shares(crop: Crop, width: int, height: int) -> Crop:
    """The same part of a picture of this size, as shares of it."""
    left, top, across, down = crop
    if not _in_pixels(crop):
        return crop
    return left / width, top / height, across / width, down / height


def check_crop(crop: Crop) -> None:
    """Refuse what is no part of any picture.

    Raises:
        QueryError: it is empty, or reaches out of the picture.
    """
    left, top, width, height = crop
    inside = _in_pixels(crop) or (left + width <= 1 + _SLACK and top + height <= 1 + _SLACK)
    if not (min(left, top) >= 0 and min(width, height) > 0 and inside):
        raise QueryError(
            f"the crop {_shown(crop)} is no part of a picture: it is left, top, width and height, "
            "in whole pixels, or as shares of the picture between 0.0 and 1.0"
        )


def _in_pixels(crop: Crop) -> bool:
    return all(isinstance(value, int) for value in crop)


def _shown(crop: Crop) -> str:
    return ",".join(f"{value:g}" for value in crop)
