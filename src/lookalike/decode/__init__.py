"""Decode: bytes in, an upright RGB picture out, or the reason why not. Knows no models."""

from lookalike.decode.picture import MAX_PIXELS, READER, Picture, decode, from_image
from lookalike.decode.thumbnail import thumbnail

__all__ = ["MAX_PIXELS", "READER", "Picture", "decode", "from_image", "thumbnail"]
