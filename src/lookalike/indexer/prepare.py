"""From a candidate file to what the main loop does with it. Runs in worker threads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.decode import DETAILS, READER, decode, details_of
from lookalike.encoders import Encoder
from lookalike.errors import DecodeError, SourceError, StoreError
from lookalike.indexer.candidates import TRY_AGAIN, Candidate
from lookalike.indexer.presence import Presence
from lookalike.source import content_digest, read_file
from lookalike.store import FileRecord, SkippedFile, Store, StoredFile
from lookalike.types import Pixels


@dataclass(frozen=True, slots=True)
class Encodable:
    """A new content: pixels for the encoder."""

    file: FileRecord
    pixels: Pixels
    known: int | None


@dataclass(frozen=True, slots=True)
class Copied:
    """The same content as a stored picture that is still in its place: its vector serves."""

    file: FileRecord
    vector: NDArray[np.float32]
    known: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored picture under a new path (`renamed`) or time stamp."""

    stored: StoredFile
    renamed: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that cannot be used."""

    skipped: SkippedFile


Prepared = Encodable | Copied | Kept | Refused


def prepare(candidate: Candidate, store: Store, encoder: Encoder, presence: Presence) -> Prepared:
    """Read, hash, and if the content is new, decode and resize.

    The size and time stamp are those from before the reading, so that a file that changes while
    it is read is found changed by the next run.
    """
    try:
        data = read_file(candidate.path)
    except SourceError as error:
        return _refused(candidate, str(error), again=True)
    digest = content_digest(data)
    known = _known_content(candidate, data, digest, store, presence)
    if known is not None:
        return known
    try:
        picture = decode(data, at_least=encoder.decode_hint)
    except DecodeError as error:
        return _refused(candidate, str(error), again=False)
    try:
        pixels = encoder.prepare(picture)
    except Exception as error:  # noqa: BLE001  whatever it is, it costs this picture alone
        return _refused(candidate, f"it cannot be resized: {error}", again=True)
    file = FileRecord(
        candidate.path,
        candidate.size,
        candidate.mtime_ns,
        digest,
        picture.width,
        picture.height,
        picture.format,
        picture.details.taken,
        picture.details.camera,
        DETAILS,
    )
    return Encodable(file, pixels, candidate.known)


def _known_content(
    candidate: Candidate, data: bytes, digest: bytes, store: Store, presence: Presence
) -> Copied | Kept | None:
    twins = store.by_digest(digest)
    if not twins:
        return None
    twin = twins[0].file
    details = details_of(data)
    file = FileRecord(
        candidate.path,
        candidate.size,
        candidate.mtime_ns,
        digest,
        twin.width,
        twin.height,
        twin.format,
        details.taken,
        details.camera,
        DETAILS,
    )
    if any(stored.id == candidate.known for stored in twins):
        return Kept(StoredFile(candidate.known or 0, file), renamed=False)
    for stored in twins:
        if presence.claim(stored.id, stored.file.path):
            return Kept(StoredFile(stored.id, file), renamed=True)
    try:
        vector = store.vectors([twins[0].id])[0]
    except StoreError:
        return None  # a commit has removed the twin meanwhile
    # Nor may a commit have given the twin another content and vector.
    if twins[0].id not in [stored.id for stored in store.by_digest(digest)]:
        return None
    return Copied(file, vector, candidate.known)


def _refused(candidate: Candidate, reason: str, *, again: bool) -> Refused:
    size = TRY_AGAIN if again else candidate.size
    return Refused(SkippedFile(candidate.path, size, candidate.mtime_ns, READER, reason))
