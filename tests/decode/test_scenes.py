"""Which moments stand for a film, told by samples alone."""

import itertools

import numpy as np
import pytest

from lookalike.decode import scenes
from lookalike.decode.scenes import SIDE, Scenes
from lookalike.types import Pixels

RED, GREEN, BLACK, WHITE = (200, 30, 30), (30, 180, 40), (5, 4, 6), (255, 255, 255)


def plain(colour: tuple[int, int, int]) -> Pixels:
    return np.full((SIDE, SIDE, 3), colour, np.uint8)


def chosen(*shots: tuple[tuple[int, int, int], int], step: int = 250) -> tuple[int, ...]:
    """Of a film of these colours, each for so many milliseconds."""
    found, ms = Scenes(), 0
    for colour, lasts in shots:
        for _ in range(lasts // step):
            found.see(ms, plain(colour))
            ms += step
    return found.chosen(ms)


def test_one_frame_a_scene_after_the_cut() -> None:
    assert chosen((RED, 3000), (GREEN, 3000), (RED, 3000)) == (250, 3250, 6250)


def test_black_belongs_to_no_scene() -> None:
    assert chosen((BLACK, 2000), (RED, 2000), (BLACK, 1000), (RED, 2000)) == (2250,)
    assert chosen((RED, 2000), (BLACK, 500), (GREEN, 2000)) == (250, 2750)
    assert chosen((BLACK, 2000)) == (0,)
    assert Scenes().chosen(0) == ()


def test_a_flash_is_no_scene_and_does_not_end_one() -> None:
    assert chosen((RED, 2000), (WHITE, 250), (RED, 2000)) == (250,)


def test_a_fade_gives_its_ends() -> None:
    fade = [
        (tuple(int(a + (b - a) * part / 4) for a, b in zip(RED, GREEN, strict=True)), 250)
        for part in (1, 2, 3)
    ]
    found = chosen((RED, 2000), *fade, (GREEN, 2000))  # type: ignore[arg-type]
    assert found[0] == 250
    assert len(found) == 2
    assert found[1] >= 2750


def test_what_never_changes_has_a_frame_every_five_minutes() -> None:
    found = chosen((RED, 1_800_000), step=1000)
    assert len(found) == 6
    assert {later - one for one, later in itertools.pairwise(found)} == {300_000}


def test_a_slow_change_brings_further_frames() -> None:
    found, hues = Scenes(), np.linspace(0, 6 * np.pi, 8 * SIDE)
    around = 130 + 100 * np.stack([np.sin(hues + turn) for turn in (0, 2, 4)], axis=1)
    view = np.repeat(around[None].astype(np.uint8), SIDE, axis=0)
    for step in range(7 * SIDE):  # the camera turns, a sixteenth of the picture at a time
        found.see(step * 1000, view[:, step : step + SIDE])
    assert len(found.chosen(7 * SIDE * 1000)) >= 5


def test_there_are_not_too_many() -> None:
    shots = [((RED, GREEN)[number % 2], 1000) for number in range(200)]
    assert len(chosen(*shots)) == scenes.ALWAYS
    found = chosen((RED, 30_000), *shots, (GREEN, 60_000))
    assert len(found) == -(-290 * scenes.AN_HOUR // 3600)
    assert 250 in found, "the longest scenes are kept"


@pytest.mark.parametrize("step", [250, 1000, 5000])
def test_samples_may_be_far_apart(step: int) -> None:
    found = chosen((RED, 10_000), (GREEN, 10_000), step=step)
    assert len(found) == 2
    assert found[0] < 10_000 <= found[1]
