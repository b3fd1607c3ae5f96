"""From where a collection is, as a person writes it, to its store: the one place that knows kinds.

A place is the path of a folder, see `LocalStore`, or `milvus://host:port/name`, see `MilvusStore`.
"""

import hashlib
import os

import platformdirs

from lookalike.encoders.spec import EncoderIdentity
from lookalike.errors import StoreError
from lookalike.store.base import Store
from lookalike.store.local import DEFAULT_RECALL, LocalStore
from lookalike.store.milvus import MilvusStore, is_address, parse_address


def full_place(place: str | os.PathLike[str]) -> str:
    """The place written so that it means the same from everywhere."""
    if is_remote(place):
        return os.fspath(place)
    return os.path.abspath(os.path.expanduser(place))


def is_remote(place: str | os.PathLike[str]) -> bool:
    """Whether the collection is on a server, and not in files of this machine."""
    return is_address(os.fspath(place))


def own_folder(place: str | os.PathLike[str]) -> str:
    """The folder that a place is, for what works on the files of a collection.

    Raises:
        StoreError: it is on a server.
    """
    if is_remote(place):
        raise StoreError(
            f"{parse_address(os.fspath(place)).shown} is on a server, whose own tools check it and "
            "back it up; for a copy in a folder: lookalike copy"
        )
    return os.fspath(place)


def home_folder(place: str) -> str:
    """Where this machine keeps what belongs to the collection at a (full) place.

    Its own folder, or for one on a server a folder among the user's data.

    Raises:
        StoreError: an address that makes no sense.
    """
    if not is_remote(place):
        return place
    shown = parse_address(place).shown
    # Two servers may have collections of the same name.
    told_apart = hashlib.blake2b(shown.encode(), digest_size=6).hexdigest()
    data = platformdirs.user_data_dir("lookalike", appauthor=False)
    return os.path.join(data, "remote", f"{shown.rpartition('/')[2]}-{told_apart}")


def cache_folder(place: str) -> str:
    """Where this machine keeps what it can make again of the collection at a (full) place."""
    return os.path.join(home_folder(place), "cache")


def store_exists(place: str) -> bool:
    """Whether there is a collection.

    Raises:
        StoreUnavailableError: what would hold it cannot be reached.
    """
    return MilvusStore.exists(place) if is_remote(place) else LocalStore.exists(place)


def open_store(place: str, recall: float = DEFAULT_RECALL) -> Store:
    """Open the collection at a place.

    Args:
        place: see `full_place`.
        recall: the share of the true nearest that a search should find; 1 is exact search.

    Raises:
        CollectionNotFoundError: there is none.
        FormatVersionError: it has a later format.
        StoreUnavailableError: what holds it cannot be reached.
        StoreError: it cannot be read.
    """
    return MilvusStore(place, recall) if is_remote(place) else LocalStore(place, recall)


def create_store(place: str, encoder: EncoderIdentity, encoder_source: str) -> Store:
    """Make an empty collection for the embeddings of one encoder.

    Raises:
        StoreUnavailableError: what would hold it cannot be reached.
        StoreError: it cannot be written, or there is one already.
    """
    if is_remote(place):
        return MilvusStore.create(place, encoder, encoder_source)
    return LocalStore.create(place, encoder, encoder_source)


def check_room(place: str) -> None:
    """Refuse a place where a new collection would lie among other files.

    Raises:
        StoreError: it would.
    """
    if not is_remote(place) and not LocalStore.has_room(place):
        raise StoreError(
            f"{place} holds other files and no collection: name a folder of its own for it"
        )
