"""Where collections are: in a folder. The one place that decides which store a name means."""

import os
from dataclasses import dataclass

from lookalike.encoders.spec import EncoderIdentity
from lookalike.errors import StoreError
from lookalike.store.base import Store
from lookalike.store.local import DEFAULT_RECALL, LocalStore


@dataclass(frozen=True, slots=True)
class Place:
    """A place that has a collection, or may get one.

    Attributes:
        name: an absolute path.
        location: the same for people.
        home: a folder of this machine, for what it keeps beside the collection: its caches, which
            can be deleted at any time, and the journals of `tidy`.
    """

    name: str
    location: str
    home: str

    @classmethod
    def of(cls, name: str | os.PathLike[str]) -> "Place":
        """The place that a user names."""
        path = os.path.abspath(os.path.expanduser(os.fspath(name)))
        return cls(path, path, path)

    def exists(self) -> bool:
        """Whether there is a collection."""
        return LocalStore.exists(self.name)

    def open(self, recall: float = DEFAULT_RECALL) -> Store:
        """The collection that is there.

        Raises:
            CollectionNotFoundError: there is none.
            StoreError: it cannot be read.
        """
        return LocalStore(self.name, recall)

    def create(self, encoder: EncoderIdentity, source: str) -> None:
        """Make an empty collection.

        Raises:
            StoreError: it cannot be written, there is one already, or other files are there.
        """
        if not LocalStore.has_room(self.name):
            raise StoreError(
                f"{self.location} holds other files and no collection: give -c a folder of its own"
            )
        LocalStore.create(self.name, encoder, source).close()
