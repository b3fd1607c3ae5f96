"""The folders of this machine, one level at a time, for a person to choose from."""

import os
from dataclasses import dataclass

from lookalike.errors import SourceError
from lookalike.source.walk import is_collection

MAX_FOLDERS = 2000


@dataclass(frozen=True, slots=True)
class FolderListing:
    """What lies directly in a folder.

    Attributes:
        path: absolute, links resolved.
        parent: the folder that it lies in; None at the top.
        folders: paths of the folders in it by name, the first `MAX_FOLDERS` of them. Hidden ones,
            links, collections, and names that are no text are left out.
    """

    path: str
    parent: str | None
    folders: list[str]


def list_folders(path: str | None = None) -> FolderListing:
    """List a folder.

    Args:
        path: absolute; None is the user's home.

    Raises:
        SourceError: it is no folder, or cannot be looked into.
    """
    if path is None:
        path = os.path.expanduser("~")
    if not os.path.isabs(path) or "\0" in path:
        raise SourceError("give the whole path of a folder, from the top")
    path = os.path.realpath(path)
    if not _is_text(path):
        raise SourceError("that folder has a name that is no text: index it from the command line")
    try:
        with os.scandir(path) as entries:
            found = sorted(entry.path for entry in entries if _is_choice(entry))
    except OSError as error:
        raise SourceError(
            f"{path} cannot be looked into: {(error.strerror or str(error)).lower()}"
        ) from error
    parent = os.path.dirname(path)
    return FolderListing(path, None if parent == path else parent, found[:MAX_FOLDERS])


def _is_choice(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or not _is_text(entry.name):
        return False
    try:
        return entry.is_dir(follow_symlinks=False) and not is_collection(entry.path)
    except OSError:
        return False


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
