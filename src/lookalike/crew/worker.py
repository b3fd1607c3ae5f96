"""A worker: one model, and threads around it."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Protocol

from lookalike.crew.parcel import Finished
from lookalike.decode import DETAILS, READER, Details, details_of
from lookalike.encoders import Encoder
from lookalike.errors import ClusterError, SourceError
from lookalike.indexer import Candidate, Outcome, Pipeline, develop
from lookalike.source import Media, media_digest, read_media
from lookalike.types import is_address

READERS = (READER, DETAILS)
"""What pictures are read with: the same on every machine, or records would differ."""

_FILES = 4
_OBJECTS = 16
"""Threads that read a parcel, each its part of it: from a disk, and from a storage elsewhere, where
they wait more than they work."""


class Model(Protocol):
    """A model on its way to a worker."""

    def unpack(self, *, threads: int, gpu: bool) -> Encoder:
        """The encoder.

        Args:
            threads: how many of them it computes in.
            gpu: whether to compute on a GPU, if a runtime here can.

        Raises:
            EncoderError: the model cannot be used.
        """


@dataclass(frozen=True, slots=True)
class _Content:
    candidate: Candidate
    media: Media
    digest: bytes


class Worker:
    """Reads a parcel, is told which of its contents are known, and encodes the others.

    Several parcels may be under way at once. It writes nothing and knows no store, so whatever
    happens to it can be done again elsewhere.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._overlapping = threads
        self._readers = ThreadPoolExecutor(_OBJECTS, "read")
        self._encoder: Encoder | None = None
        self._read: dict[int, list[_Content | None]] = {}

    def set_up(self, model: Model, ours: tuple[object, ...], gpu: bool) -> None:
        """Load the model.

        Args:
            model: it.
            ours: `READERS` of the driver.
            gpu: whether there is a GPU for it.

        Raises:
            ClusterError: another version of Lookalike is installed here.
            EncoderError: the model cannot be used.
        """
        if ours != READERS:
            raise ClusterError(
                "a worker has another version of Lookalike than this machine, which reads pictures "
                "differently: install the same everywhere"
            )
        self._encoder = model.unpack(threads=self._threads, gpu=gpu)
        # On one core there is nothing to overlap, and threads that take turns cost time.
        self._overlapping = 0 if self._threads == 1 and not gpu else self._threads

    def read(
        self, number: int, candidates: Sequence[Candidate], contents: dict[int, bytes]
    ) -> list[bytes | None]:
        """Read the files of parcel `number`, and keep them; gives their digests.

        Args:
            number: names the parcel.
            candidates: its files.
            contents: of those that came along, by position.

        Returns:
            None for a file that cannot be seen here as it was found by the walk.
        """
        given = [(one, contents.get(at)) for at, one in enumerate(candidates)]
        far = any(is_address(one.path) for one in candidates)
        each = -(-len(given) // (_OBJECTS if far else _FILES))
        parts = [given[at : at + each] for at in range(0, len(given), each)]
        read = list(chain.from_iterable(self._readers.map(_contents, parts)))
        self._read[number] = read
        return [None if content is None else content.digest for content in read]

    def finish(self, number: int, known: frozenset[int], proven: bool) -> Finished:
        """Encode the contents of parcel `number`; of the `known` positions, only read details.

        Args:
            number: names the parcel.
            known: positions whose contents the store has.
            proven: whether it is known that the encoder works.

        Raises:
            EncoderError: the encoder does not work at all.
        """
        assert self._encoder is not None  # noqa: S101  `set_up` comes first
        contents = {at: one for at, one in enumerate(self._read.pop(number)) if one is not None}
        details: dict[int, Details] = {
            at: details_of(contents[at].media) for at in known if at in contents
        }
        wanted = [one for at, one in contents.items() if at not in known]
        media = {one.candidate.path: one.media for one in wanted}
        outcomes: list[Outcome] = []
        read = media.__getitem__
        with Pipeline(self._encoder, self._overlapping, read, proven=proven) as pipeline:
            for one in wanted:
                task = partial(develop, one.candidate, one.media, one.digest, self._encoder)
                outcomes += filter(None, pipeline.add(task))
            outcomes += filter(None, pipeline.drain())
        return Finished(outcomes, details)


def _contents(part: Sequence[tuple[Candidate, bytes | None]]) -> list[_Content | None]:
    return [_content(candidate, given) for candidate, given in part]


def _content(candidate: Candidate, given: bytes | None) -> _Content | None:
    try:
        media: Media = given if given is not None else _read_same(candidate)
        return _Content(candidate, media, media_digest(media))
    except (OSError, SourceError):
        return None


def _read_same(candidate: Candidate) -> Media:
    """The file, if it is the one that the walk found: this machine may have another there.

    What lies beside it has to be here, too.

    Raises:
        OSError, SourceError: it is not, or cannot be read.
    """
    if is_address(candidate.path):
        media = read_media(candidate.path)
        if isinstance(media, bytes) and len(media) != candidate.size:
            raise SourceError("it is another object")
        return media
    status = os.stat(candidate.path)
    if (status.st_size, status.st_mtime_ns) != (candidate.size, candidate.mtime_ns):
        raise SourceError("it is another file")
    if not all(map(os.path.exists, candidate.sidecars or ())):
        raise SourceError("not all that lies beside it is here")
    return read_media(candidate.path)
