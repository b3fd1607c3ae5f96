"""Decode: bytes in, an upright RGB picture out, or the reason why not. Knows no models."""

from lookalike.decode.codecs import Format, formats
from lookalike.decode.details import DETAILS, Details
from lookalike.decode.isolate import decode, details_of, isolated
from lookalike.decode.picture import MAX_PIXELS, READER, Picture, from_image
from lookalike.decode.thumbnail import thumbnail

__all__ = [
    "DETAILS",
    "MAX_PIXELS",
    "READER",
    "Details",
    "Format",
    "Picture",
    "decode",
    "details_of",
    "formats",
    "from_image",
    "isolated",
    "thumbnail",
]
