"""Films: their frames go through the encoder one by one, and into the store all at once.

A film that a kill cuts off has left nothing: the next run begins it anew.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from lookalike.decode import frames
from lookalike.encoders import Encoder
from lookalike.errors import DecodeError, SourceError
from lookalike.indexer.batches import Embedded, Fresh
from lookalike.indexer.prepare import (
    Encodable,
    Refused,
    Unrolled,
    as_decoded,
    refused,
)
from lookalike.source import Media, read_media
from lookalike.store import FileRecord


@dataclass(frozen=True, slots=True)
class FilmDone:
    """A film whose frames have all been encoded.

    Attributes:
        files: one a frame, rising.
        vectors: of those, each (dimension,) float32.
        known: as in `Encodable`.
    """

    files: tuple[FileRecord, ...]
    vectors: tuple[NDArray[np.float32], ...]
    known: tuple[int, ...]


@dataclass(slots=True)
class _Reel:
    """What has come of a film so far.

    Attributes:
        film: what it is.
        frames: those that were encoded.
        lost: why one could not be encoded.
        refusal: why the film cannot be used.
        waiting: how many frames are with the encoder.
        whole: whether all of it has been unrolled.
    """

    film: Unrolled
    frames: list[Fresh] = field(default_factory=list)
    lost: Refused | None = None
    refusal: Refused | None = None
    waiting: int = 0
    whole: bool = False


class Films:
    """Takes films apart, and puts what the encoder gives together again. For one thread.

    Args:
        encoder: resizes the frames.
        read: gives the content of a path.
    """

    def __init__(self, encoder: Encoder, read: Callable[[str], Media] = read_media) -> None:
        self._encoder = encoder
        self._read = read
        self._reels: dict[str, _Reel] = {}

    def unroll(self, film: Unrolled) -> Iterator[Encodable]:
        """The frames of a film, one after the other; `end` has to follow."""
        file = film.file
        reel = self._reels[file.path] = _Reel(film)
        try:
            media = self._read(file.path)
            for ms, picture in frames(media, film.frames, self._encoder.decode_hint):
                pixels = self._encoder.prepare(picture)
                reel.waiting += 1
                yield Encodable(replace(as_decoded(file, picture), frame=ms), pixels, ())
        except DecodeError as error:
            reel.refusal = refused(file.path, file.mtime_ns, str(error), size=file.size)
        except SourceError as error:
            reel.refusal = refused(file.path, file.mtime_ns, str(error))
        if not reel.waiting and not reel.frames and reel.refusal is None:
            reason = "it is damaged: not one of its frames can be decoded"
            reel.refusal = refused(file.path, file.mtime_ns, reason, size=file.size)

    def end(self, film: Unrolled) -> list[FilmDone | Refused]:
        """Say that all frames of a film have been unrolled; gives the film, if it is done."""
        self._reels[film.file.path].whole = True
        return self._done(film.file.path)

    def gather(self, outcome: Embedded) -> list[Embedded | FilmDone]:
        """What the encoder gave: itself, or, with the last frame of a film, that."""
        path = outcome.file.path if isinstance(outcome, Fresh) else outcome.skipped.path
        reel = self._reels.get(path)
        if reel is None:
            return [outcome]
        reel.waiting -= 1
        if isinstance(outcome, Fresh):
            reel.frames.append(outcome)
        else:
            reel.lost = outcome
        return [*self._done(path)]

    def _done(self, path: str) -> list[FilmDone | Refused]:
        reel = self._reels[path]
        if not reel.whole or reel.waiting:
            return []
        del self._reels[path]
        refusal = reel.refusal or (None if reel.frames else reel.lost)
        if refusal is not None:
            return [refusal]
        return [
            FilmDone(
                files=tuple(frame.file for frame in reel.frames),
                vectors=tuple(frame.vector for frame in reel.frames),
                known=reel.film.known,
            )
        ]
