"""From a candidate file to what the main loop does with it. Runs wherever the workshop is."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lookalike.decode import (
    READER,
    XMP_BYTES,
    Details,
    Picture,
    decode,
    details_of,
    keywords_of_xmp,
    scan,
    tidied,
)
from lookalike.encoders import Encoder
from lookalike.errors import DecodeError, SourceError, StoreError
from lookalike.indexer.candidates import TRY_AGAIN, Candidate
from lookalike.indexer.presence import Presence
from lookalike.source import Media, media_digest, read_file, read_media
from lookalike.store import FileRecord, SkippedFile, Store, StoredFile
from lookalike.types import Pixels


@dataclass(frozen=True, slots=True)
class Encodable:
    """A new content: pixels for the encoder.

    Attributes:
        file: what is known of it.
        pixels: as the encoder takes them.
        known: ids of what was stored under its path.
    """

    file: FileRecord
    pixels: Pixels
    known: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unrolled:
    """A film with a new content, and which of its frames stand for it; see `films.py`.

    Attributes:
        file: what is known of it, as of no frame yet.
        frames: milliseconds, rising.
        known: ids of what was stored under its path.
    """

    file: FileRecord
    frames: tuple[int, ...]
    known: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Copied:
    """The same content as pictures that are still in their place: their vectors serve.

    There are several where the file is a film.
    """

    files: tuple[FileRecord, ...]
    vectors: tuple[NDArray[np.float32], ...]
    known: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """Stored pictures of one file, under a new path (`renamed`) or time stamp."""

    stored: tuple[StoredFile, ...]
    renamed: bool
    stale: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that cannot be used."""

    skipped: SkippedFile


Prepared = Encodable | Unrolled | Copied | Kept | Refused


def prepare(
    candidate: Candidate,
    store: Store,
    encoder: Encoder,
    presence: Presence,
    fetched: Callable[[], Media] | None = None,
) -> Prepared:
    """Read, hash, and if the content is new, decode and resize.

    The size and time stamp are those from before the reading, so that a file that changes while
    it is read is found changed by the next run.

    Args:
        candidate: the file.
        store: knows contents.
        encoder: says what to resize to.
        presence: knows what is gone.
        fetched: gives the content, where it is being read already.
    """
    try:
        media = read_media(candidate.path) if fetched is None else fetched()
        digest = media_digest(media)
    except SourceError as error:
        return refused(candidate.path, candidate.mtime_ns, str(error))
    known = recognise(candidate, digest, lambda: details_of(media), store, presence)
    return known or develop(candidate, media, digest, encoder)


def develop(
    candidate: Candidate, media: Media, digest: bytes, encoder: Encoder
) -> Encodable | Unrolled | Refused:
    """Decode a new content, and resize it for the encoder; needs no store."""
    try:
        scanned = scan(media)
        picture = None if scanned.frames else decode(media, at_least=encoder.decode_hint)
    except SourceError as error:
        return refused(candidate.path, candidate.mtime_ns, str(error))
    except DecodeError as error:
        return refused(candidate.path, candidate.mtime_ns, str(error), size=candidate.size)
    file = FileRecord(
        path=candidate.path,
        size=candidate.size,
        mtime_ns=candidate.mtime_ns,
        digest=digest,
        width=0,
        height=0,
        format="",
        details=candidate.details,
    )
    file = _described(file, candidate, scanned.details)
    if picture is None:
        return Unrolled(file, scanned.frames, candidate.known)
    try:
        pixels = encoder.prepare(picture)
    except Exception as error:  # noqa: BLE001  whatever it is, it costs this picture alone
        return refused(candidate.path, candidate.mtime_ns, f"it cannot be resized: {error}")
    file = _described(as_decoded(file, picture), candidate, picture.details)
    return Encodable(file, pixels, candidate.known)


def as_decoded(file: FileRecord, picture: Picture) -> FileRecord:
    """The record with what decoding has told."""
    return replace(file, width=picture.width, height=picture.height, format=picture.format)


def _described(file: FileRecord, candidate: Candidate, details: Details) -> FileRecord:
    """The record with what the file says of itself, and what lies beside it says of it."""
    words = () if candidate.sidecars is None else tidied(details.keywords)
    file = replace(file, taken=details.taken, camera=details.camera, keywords=words)
    return with_sidecars(file, candidate.sidecars)


def with_sidecars(file: FileRecord, sidecars: Iterable[str] | None) -> FileRecord:
    """The record with the keywords of the sidecars at these paths; None leaves it as it is."""
    if not sidecars:
        return file
    words = [*file.keywords]
    for path in sidecars:
        with suppress(SourceError):
            words += keywords_of_xmp(read_file(path, XMP_BYTES))
    return replace(file, keywords=tidied(words))


def stale_ids(
    store: Store, known: Sequence[int], frames: Collection[int | None]
) -> tuple[int, ...]:
    """Those of the stored pictures of a path that are none of these frames of it."""
    stored = store.get(known) if known else []
    return tuple(item.id for item in stored if item.file.frame not in frames)


def refused(path: str, mtime_ns: int, reason: str, size: int = TRY_AGAIN) -> Refused:
    """A file that cannot be used; without its size, it is tried again by the next run."""
    return Refused(SkippedFile(path, size, mtime_ns, READER, reason))


def recognise(
    candidate: Candidate,
    digest: bytes,
    read_details: Callable[[], Details],
    store: Store,
    presence: Presence,
) -> Copied | Kept | None:
    """What a content that the store has already is to it; None where it has it not.

    A picture that is gone from where it was is claimed as moved, so a candidate may be asked about
    only once.

    Args:
        candidate: the file.
        digest: of its content.
        read_details: reads the details of that content; only asked where the store has it.
        store: knows contents.
        presence: knows what is gone.
    """
    by_path = _by_path(store.by_digest(digest))
    if not by_path:
        return None
    details = read_details()

    def here(twin: StoredFile) -> FileRecord:
        file = replace(
            twin.file,
            path=candidate.path,
            size=candidate.size,
            mtime_ns=candidate.mtime_ns,
            details=candidate.details,
        )
        return _described(file, candidate, details)

    def all_here(twins: Iterable[StoredFile]) -> tuple[StoredFile, ...]:
        return tuple(StoredFile(twin.id, here(twin)) for twin in twins)

    for twins in by_path.values():
        if any(twin.id in candidate.known for twin in twins):
            return Kept(all_here(twins), renamed=False)
    first = next(iter(by_path.values()))
    frames = [twin.file.frame for twin in first]
    stale = stale_ids(store, candidate.known, frames)
    for path, twins in by_path.items():
        # Whoever claims the first frame of a film takes over all of them.
        if presence.claim(twins[0].id, path):
            return Kept(all_here(twins), renamed=True, stale=stale)
    try:
        vectors = store.vectors([twin.id for twin in first])
    except StoreError:
        return None  # a commit has removed the twin meanwhile
    # Nor may a commit have given the twin another content and vector.
    still = {stored.id for stored in store.by_digest(digest)}
    if not all(twin.id in still for twin in first):
        return None
    return Copied(tuple(map(here, first)), tuple(vectors), candidate.known)


def _by_path(stored: Iterable[StoredFile]) -> dict[str, list[StoredFile]]:
    found: dict[str, list[StoredFile]] = {}
    for item in stored:
        found.setdefault(item.file.path, []).append(item)
    return found
