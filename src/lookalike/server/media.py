"""What a picture is sent as: its media type, told by its bytes, and a safe name.

The bytes decide, not the name or what was stored when it was indexed: a file may have been
replaced since, and nothing but a picture may leave by this door. SVG is a program to a browser
and is not among them.
"""

import os
from urllib.parse import quote

from lookalike.source import HEAD_BYTES, container_of

IMAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
"""Content security policy of a picture: whatever it is taken for, it can do nothing."""

_EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
    "image/avif": ".avif",
    "image/heic": ".heic",
    "image/jp2": ".jp2",
    "image/jxl": ".jxl",
    "image/vnd.adobe.photoshop": ".psd",
    "image/x-dcraw": ".raw",
    "image/x-portable-anymap": ".pnm",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "video/x-matroska": ".mkv",
    "video/x-msvideo": ".avi",
    "video/mpeg": ".mpg",
    "video/mp2t": ".mts",
    "video/ogg": ".ogv",
    "video/x-flv": ".flv",
    "video/x-ms-wmv": ".wmv",
    "video/3gpp": ".3gp",
}

_FILMS = {
    "MP4": "video/mp4",
    "MOV": "video/quicktime",
    "WEBM": "video/webm",
    "MKV": "video/x-matroska",
    "AVI": "video/x-msvideo",
    "MPEG": "video/mpeg",
    "MTS": "video/mp2t",
    "OGG": "video/ogg",
    "FLV": "video/x-flv",
    "WMV": "video/x-ms-wmv",
    "3GP": "video/3gpp",
}

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xff\x0a", "image/jxl"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"IIRO", "image/x-dcraw"),
    (b"IIRS", "image/x-dcraw"),
    (b"MMOR", "image/x-dcraw"),
    (b"IIU\x00", "image/x-dcraw"),
    (b"\x00MRM", "image/x-dcraw"),
    (b"FUJIFILM", "image/x-dcraw"),
)

_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"msf1": "image/heic",
    b"crx ": "image/x-dcraw",
}


def media_type(data: bytes) -> str | None:
    """The media type of a picture or film, by its first bytes; None where we know them not."""
    film = container_of(data[:HEAD_BYTES])
    if film is not None:
        return _FILMS[film]
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        # The first brand may be the generic one; AVIF then stands among the compatible ones.
        return "image/avif" if b"avif" in data[8:64] else _BRANDS.get(data[8:12])
    if data[:1] == b"P" and data[1:2] in b"123456fF" and data[2:3].isspace():
        return "image/x-portable-anymap"
    return None


def disposition(image_id: int, path: str, kind: str) -> str:
    """A Content-Disposition that shows the picture in place, and names it well when saved."""
    extension = _EXTENSIONS[kind]
    stem = os.path.splitext(os.path.basename(path.replace("\\", "/")))[0]
    name = quote(stem.encode("utf-8", "replace"), safe="")
    return f"inline; filename=\"image-{image_id}{extension}\"; filename*=UTF-8''{name}{extension}"
