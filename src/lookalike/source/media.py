"""What a file brings: bytes that fit into memory, or a film, which stays where it is."""

import hashlib
import os
from dataclasses import dataclass
from typing import TypeAlias

from lookalike.errors import SourceError
from lookalike.source.file import MAX_FILE_BYTES, content_digest, read_file, regular_file
from lookalike.types import is_address

HEAD_BYTES = 4096
"""How much of a file tells what it is."""

_CHUNK = 1 << 20

_PICTURES = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"crx ")
_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""What an early QuickTime file may begin with."""

_STARTS = {
    b"\0\0\x01\xba": "MPEG",
    b"OggS": "OGG",
    b"FLV\x01": "FLV",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "WMV",
}


@dataclass(frozen=True, slots=True)
class FilmFile:
    """A film on disk, by its absolute path."""

    path: str


Media: TypeAlias = bytes | FilmFile
"""An encoded picture or a short film in memory, or a film on disk."""


def read_media(path: str | os.PathLike[str], max_bytes: int = MAX_FILE_BYTES) -> Media:
    """The content of a regular file or an object; of a film in a file, where it is.

    Raises:
        SourceError: see `read_file`; a film may have any size.
    """
    if is_address(os.fsdecode(path)):
        return read_file(path, max_bytes)
    with regular_file(path) as (file, _):
        head = file.read(HEAD_BYTES)
    if container_of(head) is not None:
        return FilmFile(os.path.abspath(path))
    return read_file(path, max_bytes)


def media_digest(media: Media) -> bytes:
    """`content_digest` of the content; a film is read through, a little at a time.

    Raises:
        SourceError: it cannot be read.
    """
    if isinstance(media, bytes):
        return content_digest(media)
    digest = hashlib.blake2b(digest_size=16)
    try:
        with regular_file(media.path) as (file, _):
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise SourceError(f"it cannot be read: {(error.strerror or str(error)).lower()}") from error
    return digest.digest()


def container_of(head: bytes) -> str | None:
    """The kind of film that a file with these first bytes is, such as "MP4"; None if it is none."""
    if head[4:8] == b"ftyp":
        return _of_brand(head)
    for start, name in _STARTS.items():
        if head.startswith(start):
            return name
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "WEBM" if b"webm" in head[:64] else "MKV"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "AVI"
    # Packets, with or without a time stamp before each; the letter is that of GIF as well.
    if b"GGG" in (head[:377:188], head[4:389:192]) and not head.startswith(b"GIF8"):
        return "MTS"
    return "MOV" if head[4:8] in _ATOMS else None


def _of_brand(head: bytes) -> str | None:
    length = min(int.from_bytes(head[:4], "big"), 256)
    brand, brands = head[8:12], head[8:length]
    if brand in _PICTURES or b"avif" in brands or b"avis" in brands:
        return None
    if brand == b"qt  ":
        return "MOV"
    return "3GP" if brand.startswith((b"3gp", b"3g2")) else "MP4"
