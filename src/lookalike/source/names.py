"""Names of files that promise a picture or a film, by format."""

import os

SUFFIXES: dict[str, tuple[str, ...]] = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "PNG": (".png",),
    "GIF": (".gif",),
    "WebP": (".webp",),
    "AVIF": (".avif", ".avifs"),
    "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp", ".dib"),
    "PPM": (".ppm", ".pgm", ".pbm"),
    "JPEG 2000": (".jp2", ".j2k", ".jpx"),
    "PSD": (".psd",),
    "HEIF": (".heic", ".heif", ".hif"),
    "JPEG XL": (".jxl",),
    "RAW": (
        *(".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".orf", ".rw2"),
        *(".raf", ".pef", ".srw", ".rwl", ".iiq", ".3fr", ".mrw", ".kdc", ".dcr", ".erf"),
    ),
    "Video": (
        *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".mts", ".m2ts"),
        *(".ogv", ".wmv", ".flv", ".3gp", ".3g2"),
    ),
}
"""A format that this install cannot read is reported, not ignored."""

_ALL = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)


def is_picture_name(name: str) -> bool:
    """Whether a file's name promises a picture."""
    return os.path.splitext(name)[1].lower() in _ALL
