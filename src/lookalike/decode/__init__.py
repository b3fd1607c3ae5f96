"""Decode: a file in, upright RGB pictures out, or the reason why not. Knows no models."""

from lookalike.decode.codecs import Format, formats
from lookalike.decode.details import DETAILS, Details
from lookalike.decode.isolate import decode, details_of, frames, is_isolated, isolated, scan
from lookalike.decode.keywords import XMP_BYTES, keywords_of_xmp, tidied
from lookalike.decode.media import Scan
from lookalike.decode.picture import MAX_PIXELS, READER, Picture, from_image
from lookalike.decode.thumbnail import thumbnail

__all__ = [
    "DETAILS",
    "MAX_PIXELS",
    "READER",
    "XMP_BYTES",
    "Details",
    "Format",
    "Picture",
    "Scan",
    "decode",
    "details_of",
    "formats",
    "frames",
    "from_image",
    "is_isolated",
    "isolated",
    "keywords_of_xmp",
    "scan",
    "thumbnail",
    "tidied",
]
