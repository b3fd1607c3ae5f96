"""The pictures of a query: where their bytes come from, and what they are called."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from lookalike import source
from lookalike.errors import DecodeError, QueryError, SourceError
from lookalike.store import Store, StoredFile
from lookalike.types import Asked


class Reader:
    """Reads the pictures of one query, each address once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, bytes] = {}

    def read(self, asked: Asked) -> bytes | Image.Image:
        """The encoded picture, or the image that it is already.

        Raises:
            SourceError: it cannot be read.
            QueryError: there is no picture with that id.
        """
        if isinstance(asked, bytes | Image.Image):
            return asked
        if isinstance(asked, int):
            return source.read_file(self.path(asked))
        name = os.fspath(asked)
        if name not in self._known:
            self._known[name] = source.read(name)
        return self._known[name]

    def path(self, image_id: int) -> str:
        """Where a picture of the collection lies.

        Raises:
            QueryError: there is no picture with that id.
        """
        return self.stored(image_id).file.path

    def stored(self, image_id: int) -> StoredFile:
        """A picture of the collection.

        Raises:
            QueryError: there is no picture with that id.
        """
        found = self._store.get([image_id])
        if not found:
            raise QueryError(f"there is no picture {image_id} in the collection")
        return found[0]

    def same_content(self, asked: Asked) -> set[int]:
        """Ids of the pictures of the collection that have this one's content.

        Raises:
            see `read`.
        """
        if isinstance(asked, int):
            digest = self.stored(asked).file.digest
        else:
            data = self.read(asked)
            if isinstance(data, Image.Image):
                return set()
            digest = source.content_digest(data)
        return {stored.id for stored in self._store.by_digest(digest)}


@contextmanager
def naming(asked: Asked) -> Iterator[None]:
    """Errors inside name the picture that they are about; one that came as bytes has no name."""
    if isinstance(asked, bytes | Image.Image):
        yield
        return
    name = f"picture {asked}" if isinstance(asked, int) else os.fspath(asked)
    try:
        yield
    except (SourceError, DecodeError) as error:
        raise type(error)(f"cannot search by {name}: {error}") from error
