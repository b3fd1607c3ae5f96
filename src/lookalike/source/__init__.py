"""Source: where bytes come from. Folders, files, addresses, what people send; never decodes."""

from lookalike.source.file import MAX_FILE_BYTES, content_digest, read_file, read_stream
from lookalike.source.folders import FolderListing, list_folders
from lookalike.source.uploads import Upload, Uploads
from lookalike.source.url import fetch, is_url
from lookalike.source.walk import (
    FoundFile,
    FoundFolder,
    device_number,
    is_collection,
    is_picture_name,
    walk,
)

__all__ = [
    "MAX_FILE_BYTES",
    "FolderListing",
    "FoundFile",
    "FoundFolder",
    "Upload",
    "Uploads",
    "content_digest",
    "device_number",
    "fetch",
    "is_collection",
    "is_picture_name",
    "is_url",
    "list_folders",
    "read",
    "read_file",
    "read_stream",
    "walk",
]


def read(query: str) -> bytes:
    """The bytes behind a path or an http(s) address, as a person names a query.

    Raises:
        SourceError: it cannot be read.
    """
    return fetch(query, allow_private=True) if is_url(query) else read_file(query)
