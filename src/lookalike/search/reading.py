"""The pictures of a query: where they come from, and what they are called."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image

from lookalike import source
from lookalike.decode import Picture, from_image
from lookalike.errors import DecodeError, QueryError, SourceError
from lookalike.search.crop import cut, decode_for_part, decode_part
from lookalike.source import Media
from lookalike.store import Store, StoredFile
from lookalike.types import Asked, Crop, Example


@dataclass(frozen=True, slots=True)
class Original:
    """What a picture of a query is: as it was asked for, before it is decoded.

    Attributes:
        media: encoded, or an image that somebody has decoded already.
        frame: of a film, milliseconds from its beginning; None is its first good one.
    """

    media: Media | Image.Image
    frame: int | None = None

    def decoded(self, crop: Crop | None, at_least: int) -> Picture:
        """The part of it that counts.

        Raises:
            DecodeError: it is no picture that we accept.
            QueryError: the crop is no part of it.
        """
        if isinstance(self.media, Image.Image):
            picture = from_image(self.media)
            return picture if crop is None else cut(picture, crop)
        return decode_part(self.media, crop, at_least, self.frame)

    def whole_for(self, crop: Crop | None, at_least: int) -> Picture:
        """All of it, so large that `at_least` pixels of the part remain.

        Raises:
            see `decoded`.
        """
        if crop is None or isinstance(self.media, Image.Image):
            return self.decoded(None, at_least)
        return decode_for_part(self.media, crop, at_least, self.frame)

    @property
    def content(self) -> str:
        """Names what it shows."""
        if isinstance(self.media, Image.Image):
            pixels = self.media.convert("RGB")
            return source.content_digest(repr(pixels.size).encode() + pixels.tobytes()).hex()
        digest = source.media_digest(self.media).hex()
        return digest if self.frame is None else f"{digest}-{self.frame}"


class Reader:
    """Reads the pictures of one query, each address once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Media] = {}

    def open(self, example: Example) -> Original:
        """The picture of an example, encoded, or the image that it is already.

        Raises:
            SourceError: it cannot be read.
            QueryError: there is no picture with that id, or its moment makes no sense.
        """
        asked, frame = example.picture, _milliseconds(example.at)
        if isinstance(asked, Image.Image):
            if frame is not None:
                raise QueryError("an image that is decoded already has no other moments")
            return Original(asked)
        if isinstance(asked, int):
            file = self.stored(asked).file
            return Original(source.read_media(file.path), file.frame if frame is None else frame)
        return Original(self._read(asked), frame)

    def _read(self, asked: str | os.PathLike[str] | bytes) -> Media:
        if isinstance(asked, bytes):
            return asked
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

        Of a film, all its frames; of a frame of the collection, that one alone.

        Raises:
            SourceError: it cannot be read.
            QueryError: there is no picture with that id.
        """
        if isinstance(asked, int):
            file = self.stored(asked).file
            same = self._store.by_digest(file.digest)
            return {stored.id for stored in same if stored.file.frame == file.frame}
        if isinstance(asked, Image.Image):
            return set()
        digest = source.media_digest(self._read(asked))
        return {stored.id for stored in self._store.by_digest(digest)}


def _milliseconds(seconds: float | None) -> int | None:
    if seconds is None:
        return None
    if not 0 <= seconds < 10**7:
        raise QueryError(f"a moment is in seconds from the beginning of a film, not {seconds}")
    return round(1000 * seconds)


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
