"""Where collections are: in a folder, or on a server. The one place that tells these apart."""

import hashlib
import os
from dataclasses import dataclass

import platformdirs

from lookalike.encoders.spec import EncoderIdentity
from lookalike.errors import StoreError
from lookalike.store.base import Store
from lookalike.store.local import DEFAULT_RECALL, LocalStore
from lookalike.store.milvus import MilvusStore, is_address, parse_address


@dataclass(frozen=True, slots=True)
class Place:
    """A place that has a collection, or may get one.

    Attributes:
        name: an absolute path, or an address with its options.
        location: the same for people: without options.
        home: a folder of this machine, for what it keeps beside the collection: its caches, which
            can be deleted at any time, and the journals of `tidy`.
    """

    name: str
    location: str
    home: str

    @classmethod
    def of(cls, name: str | os.PathLike[str]) -> "Place":
        """The place that a user names: a folder, or `milvus://host:port/name`.

        Raises:
            StoreError: an address that makes no sense.
        """
        text = os.fspath(name)
        if not is_address(text):
            path = os.path.abspath(os.path.expanduser(text))
            return cls(path, path, path)
        shown = parse_address(text).shown
        # Two servers may have collections of the same name.
        told_apart = hashlib.blake2b(shown.encode(), digest_size=6).hexdigest()
        folder = f"{shown.rpartition('/')[2]}-{told_apart}"
        data = platformdirs.user_data_dir("lookalike", appauthor=False)
        return cls(text, shown, os.path.join(data, "remote", folder))

    @property
    def is_remote(self) -> bool:
        """Whether it is on a server."""
        return is_address(self.name)

    @property
    def folder(self) -> str:
        """The folder that it is, for what works on the files of a collection.

        Raises:
            StoreError: it is on a server.
        """
        if self.is_remote:
            raise StoreError(
                f"{self.location} is on a server, whose own tools check it and back it up; "
                "for a copy in a folder: lookalike copy"
            )
        return self.name

    def exists(self) -> bool:
        """Whether there is a collection.

        Raises:
            StoreUnavailableError: the server does not answer.
        """
        return MilvusStore.exists(self.name) if self.is_remote else LocalStore.exists(self.name)

    def open(self, recall: float = DEFAULT_RECALL) -> Store:
        """The collection that is there.

        Raises:
            CollectionNotFoundError: there is none.
            StoreUnavailableError: the server does not answer.
            StoreError: it cannot be read.
        """
        return MilvusStore(self.name, recall) if self.is_remote else LocalStore(self.name, recall)

    def create(self, encoder: EncoderIdentity, source: str) -> None:
        """Make an empty collection.

        Raises:
            StoreUnavailableError: the server does not answer.
            StoreError: it cannot be written, there is one already, or other files are there.
        """
        if self.is_remote:
            MilvusStore.create(self.name, encoder, source).close()
            return
        if not LocalStore.has_room(self.name):
            raise StoreError(
                f"{self.location} holds other files and no collection: give -c a folder of its own"
            )
        LocalStore.create(self.name, encoder, source).close()
