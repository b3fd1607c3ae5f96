"""One door to pictures, pictures that move, and films: which frames stand for one, and those."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from lookalike.decode import codecs, picture
from lookalike.decode.details import Details
from lookalike.decode.film import BEGINNING_MS, Film
from lookalike.decode.picture import Picture
from lookalike.errors import DecodeError, LookalikeError
from lookalike.source import Media


@dataclass(frozen=True, slots=True)
class Scan:
    """What stands for a file.

    Attributes:
        frames: milliseconds of the frames, rising; none where the file is one picture.
        details: what the file says of how it was made.
    """

    frames: tuple[int, ...]
    details: Details


def decode(media: Media, *, at_least: int | None = None, frame: int | None = None) -> Picture:
    """Decode a picture, or one frame of a film.

    Args:
        media: the encoded file.
        at_least: see `lookalike.decode.picture.decode`.
        frame: milliseconds from the beginning; None is the first frame of a picture, and the first
            good one of a film.

    Raises:
        DecodeError: see there.
    """
    if isinstance(media, bytes) and not _is_film(media):
        return picture.decode(media, at_least=at_least, frame=frame)
    with _opened(media) as film:
        if frame is None:
            frame = film.moments(BEGINNING_MS)[0]
        for _, found in film.at([frame], at_least):
            return found
    raise DecodeError("it is damaged: there is no frame at that moment")


def scan(media: Media) -> Scan:
    """Look through a file for the frames that stand for it.

    Raises:
        DecodeError: see `decode`; a picture that does not move is not looked at.
    """
    if is_still(media):
        return Scan((), Details())
    if isinstance(media, bytes) and not _is_film(media):
        return Scan(picture.moments_of(media), Details())
    with _opened(media) as film:
        return Scan(film.moments(), film.details)


def is_still(media: Media) -> bool:
    """Whether a file surely is one picture, by its first bytes."""
    return isinstance(media, bytes) and not (_is_film(media) or codecs.may_move(media))


def frames(
    media: Media, times: Sequence[int], at_least: int | None = None
) -> Iterator[tuple[int, Picture]]:
    """What a file shows at these moments, rising; of a film, those that can be decoded.

    Raises:
        DecodeError: see `decode`.
    """
    if isinstance(media, bytes) and not _is_film(media):
        yield from picture.decode_frames(media, times, at_least)
        return
    with _opened(media) as film:
        yield from film.at(times, at_least)


def details_of(media: Media) -> Details:
    """What a file says of how it was made; see `lookalike.decode.picture.details_of`."""
    if isinstance(media, bytes) and not _is_film(media):
        return picture.details_of(media)
    try:
        with _opened(media) as film:
            return film.details
    except Exception:  # noqa: BLE001  unreadable details say nothing about the film itself
        return Details()


def _is_film(data: bytes) -> bool:
    return codecs.kind_of(data) == "Video"


@contextmanager
def _opened(media: Media) -> Iterator[Film]:
    lacking = codecs.missing("Video")
    if lacking:
        raise DecodeError(lacking)
    try:
        with Film(media) as film:
            yield film
    except LookalikeError:
        raise
    except MemoryError as error:
        raise DecodeError("it needs more memory than there is") from error
    except Exception as error:  # as in `lookalike.decode.picture.decode`
        raise DecodeError(f"it is damaged: {str(error) or type(error).__name__}") from error
