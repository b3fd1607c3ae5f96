"""Films, through PyAV: what moments stand for one, and what it shows at a moment.

Short films are looked through frame by frame; of longer ones, only frames that are encoded by
themselves are decoded, by seeking from one to the next.
"""

import io
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from lookalike.decode.details import Details
from lookalike.decode.picture import Picture, budget, check_size
from lookalike.decode.scenes import SIDE, Scenes
from lookalike.errors import DecodeError
from lookalike.source import HEAD_BYTES, Media, container_of, regular_file
from lookalike.types import Pixels

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

BYTES_PER_PIXEL = 28
"""Most memory that decoding takes: what a codec keeps of other frames, and one in RGB."""

DENSE_MS = 120_000
"""Films up to this long are looked through frame by frame."""

STEP_MS = 250
"""How far apart frames are that are looked at there."""

SAMPLES = 2000
"""Of a longer film, so many moments are looked at, at most, and no two within a second."""

SECONDS = 120.0
"""For so long a film is looked through; what was found by then stands for it."""

BEGINNING_MS = 20_000
"""How far into a film its first good frame is looked for."""

_NEAR_MS = 2000
"""So far on, decoding is quicker than seeking."""

_DEMUXERS = {
    "MP4": "mov",
    "MOV": "mov",
    "3GP": "mov",
    "MKV": "matroska",
    "WEBM": "matroska",
    "AVI": "avi",
    "MPEG": "mpeg",
    "MTS": "mpegts",
    "OGG": "ogg",
    "FLV": "flv",
    "WMV": "asf",
}
"""Each file is read as what it begins as: others of FFmpeg's formats name further files."""

_THREADS = 2
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)")


class Film:
    """An open film; a context.

    Attributes:
        format: what it is kept in, such as "MP4".
        width: pixels, upright.
        height: pixels, upright.
        details: when and with what it was taken, as far as it says.
    """

    def __init__(self, media: Media) -> None:
        """Open it.

        Raises:
            DecodeError: it has no picture that can be decoded here, or too large a one.
            SourceError: it cannot be read.
        """
        import av

        self._damage = av.FFmpegError
        head, source = _source(media)
        self.format = container_of(head) or ""
        try:
            self._container = av.open(
                source,
                format=_DEMUXERS.get(self.format),
                container_options={"protocol_whitelist": "file"},
                metadata_errors="replace",
            )
        except (av.FFmpegError, ValueError) as error:
            raise DecodeError("it is damaged: the film cannot be opened") from error
        try:
            self._open_stream()
        except BaseException:
            self._container.close()
            raise

    def _open_stream(self) -> None:
        stream = self._container.streams.best("video")
        if stream is None or stream.type != "video":
            raise DecodeError("it has no moving picture")
        self._stream: Any = stream
        codec = stream.codec_context
        if codec is None:
            raise DecodeError("no decoder for its moving picture is here")
        check_size(codec.width, codec.height, codec.width * codec.height * BYTES_PER_PIXEL)
        codec.thread_count = _THREADS
        stream.thread_type = "AUTO"
        self._base = stream.time_base
        self._begins = stream.start_time or 0
        self._need = codec.width * codec.height * BYTES_PER_PIXEL
        self.details = _details({**self._container.metadata, **stream.metadata})
        self.width, self.height = codec.width, codec.height

    def __enter__(self) -> "Film":
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    @property
    def duration(self) -> int | None:
        """Milliseconds; None where it does not say."""
        if self._stream.duration:
            return int(self._stream.duration * self._base * 1000)
        whole = self._container.duration
        return int(whole // 1000) if whole else None

    def moments(self, until: int | None = None) -> tuple[int, ...]:
        """Milliseconds of the frames that stand for it.

        Args:
            until: look no further than this.

        Raises:
            DecodeError: not one frame can be decoded.
        """
        with budget.hold(self._need):
            length = self.duration
            deadline = time.monotonic() + SECONDS
            if until is not None or length is None or length <= DENSE_MS:
                return self._looked_through(self._samples(until), length, deadline)
            seen = 0

            def counted() -> Iterator[tuple[int, "VideoFrame"]]:
                nonlocal seen
                for each in self._key_samples(max(1000, length // SAMPLES)):
                    seen += 1
                    yield each

            found = self._looked_through(counted(), length, deadline)
            # One that has next to no frames by themselves has to be decoded as it is.
            if seen * 60_000 < length:
                found = self._looked_through(self._samples(None), length, deadline)
            return found

    def at(self, times: Sequence[int], at_least: int | None) -> Iterator[tuple[int, Picture]]:
        """What it shows at these moments, rising; those that cannot be decoded are left out.

        Args:
            times: milliseconds; later ones than its last give that.
            at_least: pixels that each side has to keep; None keeps all.
        """
        with budget.hold(self._need):
            frames: Iterator[tuple[int, VideoFrame]] = iter(())
            ahead: tuple[int, VideoFrame] | None = None
            key, apart = 0, _NEAR_MS  # the last key frame, and how far apart two have been
            for ms in times:
                # Where keys are rare, a seek goes back to before what has been decoded already.
                if ahead is None or not ahead[0] <= ms <= ahead[0] + apart:
                    frames, ahead = self._from(ms), None
                # As a player does: the last frame that has begun.
                shown = None if ahead is None else ahead[1]
                with suppress(self._damage):
                    for ahead in frames:
                        key = ahead[0] if ahead[1].key_frame else min(key, ahead[0])
                        apart = max(apart, ahead[0] - key)
                        if shown is not None and ahead[0] > ms:
                            break
                        shown = ahead[1]
                        if ahead[0] >= ms:
                            break
                if shown is not None:
                    yield ms, self._picture(shown, at_least)

    def _looked_through(
        self, samples: Iterator[tuple[int, "VideoFrame"]], length: int | None, deadline: float
    ) -> tuple[int, ...]:
        scenes, end = Scenes(), 0
        try:
            for ms, frame in samples:
                scenes.see(ms, self._sample(frame))
                end = ms
                if time.monotonic() > deadline:
                    break
        except self._damage:
            pass  # what was seen before the damage is there
        chosen = scenes.chosen(max(end + STEP_MS, length or 0))
        if not chosen:
            raise DecodeError("it is damaged: not one of its frames can be decoded")
        return chosen

    def _samples(self, until: int | None) -> Iterator[tuple[int, "VideoFrame"]]:
        """Frames from the beginning on, `STEP_MS` apart."""
        due = 0
        for ms, frame in self._from(0):
            if until is not None and ms > until and due:
                return
            if ms >= due:
                yield ms, frame
                due = ms + STEP_MS

    def _key_samples(self, step: int) -> Iterator[tuple[int, "VideoFrame"]]:
        """Frames that are encoded by themselves, at least `step` milliseconds apart."""
        codec, due, seeks = self._stream.codec_context, 0, True
        self._seek(0)
        packets = self._container.demux(self._stream)
        while True:
            packet = next(packets, None)
            if packet is None or packet.size == 0:
                return
            ms = self._ms(packet.pts)
            if not packet.is_keyframe or ms is None or ms < due:
                continue
            found = [*codec.decode(packet), *codec.decode(None)]
            codec.flush_buffers()
            if not found:
                continue
            shown = self._ms(found[0].pts)
            yield ms if shown is None else shown, found[0]
            due = ms + step
            if seeks:
                try:
                    self._container.seek(self._pts(due), stream=self._stream, backward=False)
                except self._damage:
                    seeks = False  # there is none, or it has no index: go on through all
                else:
                    packets = self._container.demux(self._stream)

    def _from(self, ms: int) -> Iterator[tuple[int, "VideoFrame"]]:
        """Frames from this moment on, or from a little before it."""
        self._seek(ms)
        for frame in self._container.decode(self._stream):
            place = self._ms(frame.pts)
            if place is not None:
                yield place, frame

    def _seek(self, ms: int) -> None:
        with suppress(self._damage):  # at the beginning still, there is nothing to seek
            self._container.seek(self._pts(ms), stream=self._stream)

    def _ms(self, pts: int | None) -> int | None:
        return None if pts is None else max(0, round((pts - self._begins) * self._base * 1000))

    def _pts(self, ms: int) -> int:
        return self._begins + int(ms / 1000 / self._base)

    def _sample(self, frame: "VideoFrame") -> Pixels:
        check_size(frame.width, frame.height, frame.width * frame.height * BYTES_PER_PIXEL)
        small = frame.reformat(width=SIDE, height=SIDE, format="rgb24", interpolation="AREA")
        return np.asarray(small.to_ndarray())

    def _picture(self, frame: "VideoFrame", at_least: int | None) -> Picture:
        check_size(frame.width, frame.height, frame.width * frame.height * BYTES_PER_PIXEL)
        across, down = self._shape(frame)
        scale = 1.0 if at_least is None else min(1.0, at_least / min(across, down))
        small = frame.reformat(
            width=max(1, round(across * scale)),
            height=max(1, round(down * scale)),
            format="rgb24",
            interpolation="AREA",
        )
        image = Image.fromarray(small.to_ndarray())
        turns = round(frame.rotation / 90) % 4
        if turns:
            image = image.transpose(
                (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)[
                    turns - 1
                ]
            )
        width, height = (down, across) if turns % 2 else (across, down)
        return Picture(image, width, height, self.format, self.details)

    def _shape(self, frame: "VideoFrame") -> tuple[int, int]:
        """Pixels across and down, where pixels are squares."""
        aspect = self._stream.sample_aspect_ratio
        if aspect and 0.2 < aspect < 5 and aspect != 1:
            return max(1, round(frame.width * aspect)), frame.height
        return frame.width, frame.height


def _source(media: Media) -> tuple[bytes, Any]:
    """The first bytes, and what PyAV opens."""
    if isinstance(media, bytes):
        return media[:HEAD_BYTES], io.BytesIO(media)
    with regular_file(media.path) as (file, _):
        head = file.read(HEAD_BYTES)
    return head, f"file:{os.fspath(media.path)}"


def _details(told: dict[str, str]) -> Details:
    taken = None
    # Apple's says the time where it was; the other one is meant to be UTC, where cameras know it.
    for name in ("com.apple.quicktime.creationdate", "creation_time", "date"):
        found = _TIME.match(told.get(name, ""))
        if found and taken is None:
            with suppress(ValueError):
                moment = datetime(*map(int, found.groups()), tzinfo=UTC)  # type: ignore[arg-type,misc]
                taken = int(moment.timestamp()) if moment.year > 1970 else None
    make = told.get("com.apple.quicktime.make") or told.get("make") or ""
    model = told.get("com.apple.quicktime.model") or told.get("model") or ""
    camera = model if model.casefold().startswith(make.casefold()) else f"{make} {model}"
    camera = " ".join(camera.split())[:100]
    return Details(taken, camera if camera.isprintable() and camera else None)
