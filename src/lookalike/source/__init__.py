"""Source: where bytes come from. Folders, files, addresses, what people send; never decodes."""

from typing import TYPE_CHECKING

from lookalike.source.address import is_url
from lookalike.source.file import (
    MAX_FILE_BYTES,
    content_digest,
    read_file,
    read_stream,
    regular_file,
)
from lookalike.source.folders import FolderListing, list_folders
from lookalike.source.media import (
    HEAD_BYTES,
    FilmFile,
    Media,
    container_of,
    media_digest,
    read_media,
)
from lookalike.source.names import is_picture_name
from lookalike.source.objects import has_object, list_objects, normal_address
from lookalike.source.sieve import Sieve
from lookalike.source.spelling import as_known
from lookalike.source.uploads import Upload, Uploads
from lookalike.source.volumes import volumes
from lookalike.source.walk import (
    FoundFile,
    FoundFolder,
    Sidecar,
    device_number,
    is_collection,
    walk,
)

if TYPE_CHECKING:
    from lookalike.source.url import fetch

__all__ = [
    "HEAD_BYTES",
    "MAX_FILE_BYTES",
    "FilmFile",
    "FolderListing",
    "FoundFile",
    "FoundFolder",
    "Media",
    "Sidecar",
    "Sieve",
    "Upload",
    "Uploads",
    "as_known",
    "container_of",
    "content_digest",
    "device_number",
    "fetch",
    "has_object",
    "is_collection",
    "is_picture_name",
    "is_url",
    "list_folders",
    "list_objects",
    "media_digest",
    "normal_address",
    "read",
    "read_file",
    "read_media",
    "read_stream",
    "regular_file",
    "volumes",
    "walk",
]


def read(query: str) -> Media:
    """What is behind a path or an http(s) address, as a person names a query.

    Raises:
        SourceError: it cannot be read.
    """
    if not is_url(query):
        return read_media(query)
    from lookalike.source.url import fetch

    return fetch(query, allow_private=True)


def __getattr__(name: str) -> object:
    # The HTTP client takes a while to import, which a search by file should not wait for.
    if name == "fetch":
        from lookalike.source.url import fetch

        return fetch
    raise AttributeError(f"module 'lookalike.source' has no attribute {name!r}")
