"""Which moments of a film stand for it: one of each scene, told by how much the picture changes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.types import Pixels

SIDE = 16
"""Pixels of a sample, each way."""

CUT = 0.2
"""How much has to change from one sample to the next, 0..1, where a scene begins: measured by
`python -m benchmarks.scenes`."""

DRIFT = 0.3
"""How far a scene may drift from its frame until another one is due."""

SETTLE_MS = 1000
"""How long from its beginning a scene's frame is looked for: cuts may be blended."""

LEAST_MS = 500
"""A scene that is shorter is the blending of two others, or a flash."""

FLOOR_MS = 300_000
"""There is a frame at least this often, also where nothing changes: twelve an hour."""

AN_HOUR = 360
"""Frames an hour, at most; the longest scenes are kept."""

ALWAYS = 24
"""As many frames may any film have, however short it is."""

MOST = 720
"""As many has no film, however long it is."""

_DARK = 40
"""Red, green and blue below this are black to the eye."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A sample: its pixels, (SIDE, SIDE, 3) float32 0..1, and the shares of its 64 colours."""

    pixels: NDArray[np.float32]
    colours: NDArray[np.float32]


@dataclass(slots=True)
class _Scene:
    """A scene: when it begins, the moment that stands for it, and what samples are held against.

    Attributes:
        begins: milliseconds, as all times.
        frame: of the moment.
        restless: how much had changed when it came; the least makes the best moment.
        look: of the moment.
        last: of the latest sample.
    """

    begins: int
    frame: int
    restless: float
    look: _Look
    last: _Look


class Scenes:
    """Is shown samples of a film in the order of time, and remembers the moments that matter."""

    def __init__(self) -> None:
        self._scenes: list[_Scene] = []
        self._brightest = (-1, 0)

    def see(self, ms: int, sample: Pixels) -> None:
        """Look at a sample.

        Args:
            ms: milliseconds from the beginning of the film; rises.
            sample: (SIDE, SIDE, 3), as `sample_of` gives it.
        """
        brightness = int(sample.max(axis=2).mean())
        self._brightest = max(self._brightest, (brightness, -ms))
        if np.quantile(sample.max(axis=2), 0.95) < _DARK:
            return  # black belongs to no scene
        look = _look(sample)
        change = _change(self._scenes[-1].last, look) if self._scenes else 1.0
        if change > CUT:
            self._cut(ms, look, change)
            return
        scene = self._scenes[-1]
        scene.last = look
        if ms - scene.begins <= SETTLE_MS:
            if change < scene.restless:
                scene.frame, scene.restless, scene.look = ms, change, look
        elif ms - scene.frame >= FLOOR_MS or _change(scene.look, look) > DRIFT:
            self._scenes.append(_Scene(ms, ms, change, look, look))

    @property
    def begins(self) -> int | None:
        """When the first scene begins; None before there is one."""
        return self._scenes[0].begins if self._scenes else None

    def chosen(self, end: int) -> tuple[int, ...]:
        """The moments, rising: one at least, where anything was seen.

        Args:
            end: milliseconds, of the end of the film.
        """
        if not self._scenes:
            brightness, ms = self._brightest
            return () if brightness < 0 else (-ms,)
        ends = [*(scene.begins for scene in self._scenes[1:]), end]
        lasting = [
            (ending - scene.begins, scene.frame)
            for scene, ending in zip(self._scenes, ends, strict=True)
        ]
        if len(lasting) > 1 and lasting[-1][0] < LEAST_MS:
            lasting.pop()
        most = min(MOST, max(ALWAYS, -(-end * AN_HOUR // 3_600_000)))
        longest = sorted(lasting, key=lambda each: (-each[0], each[1]))[:most]
        return tuple(sorted(frame for _, frame in longest))

    def _cut(self, ms: int, look: _Look, change: float) -> None:
        """Begin a scene, or go on with the one before what was but a flash."""
        if self._scenes and ms - self._scenes[-1].begins < LEAST_MS:
            self._scenes.pop()
            if self._scenes and _change(self._scenes[-1].last, look) <= CUT:
                self._scenes[-1].last = look
                return
        self._scenes.append(_Scene(ms, ms, change, look, look))


def sample_of(image: Image.Image) -> Pixels:
    """What `Scenes` looks at of a picture in RGB."""
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


def change_of(one: Pixels, other: Pixels) -> float:
    """How much changes from one sample to another, 0..1."""
    return _change(_look(one), _look(other))


def _look(sample: Pixels) -> _Look:
    bins = (sample >> 6).astype(np.int64) @ np.array([16, 4, 1])
    colours = np.bincount(bins.ravel(), minlength=64) / np.float64(bins.size)
    pixels = sample.astype(np.float32) / np.float32(255)
    return _Look(pixels, colours.astype(np.float32))


def _change(one: _Look, other: _Look) -> float:
    """0 for the same picture, 1 for black and white: half by place, half by colours alone."""
    places = float(np.abs(one.pixels - other.pixels).mean())
    colours = float(np.abs(one.colours - other.colours).sum()) / 2
    return (places + colours) / 2
