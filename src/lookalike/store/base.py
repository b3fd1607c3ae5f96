"""The protocol that every store keeps, and the records that go in and out.

A store knows files and vectors, not pictures. Vectors are kept as float16; scores are computed
in float32 from what is kept, so every store gives the same answer as the NumPy oracle.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lookalike.encoders.spec import EncoderIdentity
from lookalike.types import Embeddings, Facets, Ids, Rules, Where

if TYPE_CHECKING:
    from lookalike.store.layers import Layers

NO_DEVICE = -1
"""As a folder's device number: it holds something, but it was never looked at itself."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What is known of a picture's file.

    Attributes:
        path: absolute; undecodable bytes of the name are kept as surrogates (`os.fsdecode`).
        size: bytes.
        mtime_ns: time stamp of the content, nanoseconds since the epoch.
        digest: hash of the content, 16 bytes.
        width: pixels, upright.
        height: pixels, upright.
        format: the codec, such as "JPEG".
        taken: when the picture was taken: seconds since the epoch, the camera's clock read as if
            it were UTC; None where the file does not say.
        camera: maker and model; None where the file does not say.
        details: which version of the reader of `taken` and `camera` looked; 0 is none yet.
        frame: milliseconds from the beginning of the film that it is a frame of; None where the
            file is one picture.
        keywords: words that the file gives itself. Those that it did not have when it was stored
            before become labels of the picture, and those that it has no more are taken off: what
            people do to labels in between stays.
    """

    path: str
    size: int
    mtime_ns: int
    digest: bytes
    width: int
    height: int
    format: str
    taken: int | None = None
    camera: str | None = None
    details: int = 0
    frame: int | None = None
    keywords: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, int | None]:
        """What tells it from all others of its collection."""
        return self.path, self.frame

    @property
    def content(self) -> str:
        """Names what it shows: the digest, and the frame where it is one of a film."""
        return self.digest.hex() if self.frame is None else f"{self.digest.hex()}-{self.frame}"

    @property
    def seconds(self) -> float | None:
        """`frame` in seconds."""
        return None if self.frame is None else self.frame / 1000

    @property
    def modified_at(self) -> datetime:
        """`mtime_ns` as a time, UTC, whole seconds; within what a calendar holds."""
        return _moment(self.mtime_ns // 10**9)

    @property
    def taken_at(self) -> datetime | None:
        """`taken` as a time on the camera's clock, which has no time zone."""
        return None if self.taken is None else _moment(self.taken).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A picture of the collection: its id, unique and never given again, and its file."""

    id: int
    file: FileRecord


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that cannot be used.

    Attributes:
        path: as in `FileRecord`.
        size: bytes; -1 where the file should be tried again in any case.
        mtime_ns: as in `FileRecord`.
        reader: which version of the decoder refused it; another version tries again.
        reason: one clause for a person.
    """

    path: str
    size: int
    mtime_ns: int
    reader: str
    reason: str


class FileState(NamedTuple):
    """The part of a stored or skipped file that tells whether it needs work.

    Attributes:
        id: of the picture, or of the first frame of a film; None if skipped.
        size: bytes.
        mtime_ns: as in `FileRecord`.
        reader: as in `SkippedFile`.
        details: as in `FileRecord`.
        frames: ids of the film's other frames.
    """

    id: int | None
    size: int
    mtime_ns: int
    reader: str
    details: int = 0
    frames: tuple[int, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        """Of all pictures of the file."""
        return () if self.id is None else (self.id, *self.frames)


@dataclass(slots=True)
class Changes:
    """What one transaction writes: all of it, or nothing.

    Attributes:
        put: pictures to insert, or to replace where the path, and frame, is there already. Layers
            that do not answer lose what they have of a replaced one.
        vectors: (len(put), dimension) float32, L2-normalised, in the order of `put`.
        moved: pictures whose content is as stored, under a new path or time stamp.
        skipped: files that cannot be used; what is stored under the path is removed.
        removed: ids of pictures to forget.
        unskipped: paths of skipped files to forget.
        folders: device number (`st_dev`) of each folder that was seen, by path.
        roots: rules of the folders that the user asked to index, by path.
        relocated: roots that are at another path now, with all that is under them; under the new
            one are at most folders without files, which are forgotten. This comes before
            everything else.
    """

    put: list[FileRecord] = field(default_factory=list)
    vectors: list[NDArray[np.float32]] = field(default_factory=list)
    moved: list[StoredFile] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    unskipped: list[str] = field(default_factory=list)
    folders: dict[str, int] = field(default_factory=dict)
    roots: dict[str, Rules] = field(default_factory=dict)
    relocated: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(
            len(part)
            for part in (
                self.put,
                self.moved,
                self.skipped,
                self.removed,
                self.unskipped,
                self.folders,
                self.roots,
                self.relocated,
            )
        )


class Neighbours(NamedTuple):
    """Nearest neighbours of a batch of queries, nearest first.

    Attributes:
        ids: (queries, n) int64, n = min(k, stored), or the number of pictures that fit if less.
        scores: (queries, n) float32, cosine similarity; ties in no particular order.
    """

    ids: Ids
    scores: NDArray[np.float32]


OnWait: TypeAlias = Callable[[str | None], None]
"""Told by whichever thread waits what it waits for, in a sentence, and None once it answers."""


class Writer(Protocol):
    """The one writer of a collection, as `Store.write` gives it."""

    def apply(self, changes: Changes) -> None:
        """Write `changes` in one durable transaction.

        Raises:
            StoreError: the changes contradict each other or the collection, or cannot be written.
        """


class Store(Protocol):
    """Image files and their embeddings. Reads may come from any thread, also during writes."""

    @property
    def location(self) -> str:
        """The place of the collection, as a path or address."""

    @property
    def encoder(self) -> EncoderIdentity:
        """The encoder that made the embeddings."""

    @property
    def encoder_source(self) -> str:
        """How that encoder was named when the collection was made: a name or a path."""

    @property
    def layers(self) -> "Layers | None":
        """More embeddings of the same pictures, of another encoder or of regions.

        None where the store keeps one embedding a picture and no more: changing the encoder, and
        search for parts of pictures, are then told to be not to be had there.
        """

    def patient(self, on_wait: OnWait | None = None) -> "Store":
        """The same collection for a long run, which rides out what a search does not wait for.

        Where a server holds it and is away, whatever is asked waits for it to come back, up to two
        minutes, from now until the context of its `write` ends.

        Args:
            on_wait: told of it, see `OnWait`.
        """

    def write(self) -> AbstractContextManager[Writer]:
        """Become the writer until the context ends.

        Raises:
            CollectionBusyError: another writer is at work.
            EncoderMismatchError: another layer answers since the store was opened.
        """

    def set_labels(self, labels: Mapping[int, Sequence[str]]) -> None:
        """Give pictures new labels in place of those that they had, in one durable transaction.

        It may happen while another writer is at work. A label keeps the case in which it was
        first written.

        Raises:
            StoreError: there is no picture with an id, or it cannot be written.
        """

    def labels(self, ids: Sequence[int]) -> dict[int, list[str]]:
        """The labels of these pictures, sorted; pictures without any are left out."""

    def count(self, where: Where | None = None) -> int:
        """The number of pictures, or of those that fit."""

    def facets(self, where: Where | None = None) -> Facets:
        """What there is to filter by, and how many pictures that would leave."""

    def state(self) -> tuple[int, int]:
        """Another value whenever a picture has come, gone or changed its content."""

    def size_bytes(self) -> int:
        """Bytes on disk, or in memory where there is no disk."""

    def roots(self) -> dict[str, Rules]:
        """The folders that were indexed, sorted, with their rules."""

    def folders(self, root: str) -> dict[str, int]:
        """Device numbers, or `NO_DEVICE`, of the folders known at and under `root`, by path."""

    def states(self, folder: str) -> dict[str, FileState]:
        """The stored and skipped files directly in `folder`, by file name."""

    def skipped(self) -> list[SkippedFile]:
        """Every skipped file, sorted by path."""

    def get(self, ids: Sequence[int]) -> list[StoredFile]:
        """The pictures with these ids, in their order; unknown ids are left out."""

    def page(self, offset: int, limit: int, where: Where | None = None) -> list[StoredFile]:
        """At most `limit` pictures that fit, by rising id, from position `offset`, 0-based."""

    def by_digest(self, digest: bytes) -> list[StoredFile]:
        """The pictures whose content has this hash."""

    def vectors(self, ids: Sequence[int]) -> Embeddings:
        """The embeddings of these pictures, (n, dimension) float32, in their order.

        Raises:
            StoreError: an id is unknown.
        """

    def scan(
        self, batch_size: int = 4096, where: Where | None = None
    ) -> Iterator[tuple[list[StoredFile], Embeddings]]:
        """The pictures, or those that fit, with their embeddings, by rising id, in batches."""

    def search(
        self, queries: Embeddings, k: int, *, where: Where | None = None, ids: Ids | None = None
    ) -> Neighbours:
        """The `k` nearest pictures to each query by cosine similarity.

        Args:
            queries: (n, dimension) float32, L2-normalised.
            k: at least 1; fewer come back where fewer are stored, or fit.
            where: search only among the pictures that fit.
            ids: search only among these; unknown ones are left out.

        Raises:
            QueryError: `k` is below 1 or the queries have another dimension.
        """

    def close(self) -> None:
        """Let go of files and caches."""


def under(folder: str, root: str) -> bool:
    """Whether `folder` is `root` or lies under it (both absolute, same separators)."""
    return folder == root or folder.startswith(os.path.join(root, ""))


def _moment(seconds: int) -> datetime:
    """A time stamp can be any number, a date cannot."""
    seconds = min(max(seconds, -(10**10)), 2 * 10**11)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
