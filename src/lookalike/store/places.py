"""From where a collection is, as a person writes it, to its store: the one place that knows kinds.

A place is the path of a folder; see `LocalStore`.
"""

import os

from lookalike.encoders.spec import EncoderIdentity
from lookalike.errors import StoreError
from lookalike.store.base import Store
from lookalike.store.local import DEFAULT_RECALL, LocalStore


def full_place(place: str | os.PathLike[str]) -> str:
    """The place written so that it means the same from everywhere."""
    return os.path.abspath(os.path.expanduser(place))


def cache_folder(place: str) -> str:
    """Where this machine keeps what it can make again of the collection at a (full) place."""
    return os.path.join(place, "cache")


def store_exists(place: str) -> bool:
    """Whether there is a collection.

    Raises:
        StoreUnavailableError: what would hold it cannot be reached.
    """
    return LocalStore.exists(place)


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
    return LocalStore(place, recall)


def create_store(place: str, encoder: EncoderIdentity, encoder_source: str) -> Store:
    """Make an empty collection for the embeddings of one encoder.

    Raises:
        StoreUnavailableError: what would hold it cannot be reached.
        StoreError: it cannot be written, or there is one already.
    """
    return LocalStore.create(place, encoder, encoder_source)


def check_room(place: str) -> None:
    """Refuse a place where a new collection would lie among other files.

    Raises:
        StoreError: it would.
    """
    if not LocalStore.has_room(place):
        raise StoreError(
            f"{place} holds other files and no collection: name a folder of its own for it"
        )
