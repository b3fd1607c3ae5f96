"""Rate and time left."""

from lookalike.jobs.pace import Pace


def test_nothing_can_be_told_at_first() -> None:
    pace = Pace()
    assert (pace.rate, pace.left(10)) == (None, None)
    pace.note(100.0, 5)
    assert pace.rate is None
    pace.note(100.1, 6)
    assert pace.rate is None, "a tenth of a second tells nothing"


def test_rate_and_time_left() -> None:
    pace = Pace()
    pace.note(100.0, 10)
    pace.note(102.0, 50)
    assert pace.rate == 20
    assert pace.left(90) == 2
    assert pace.left(40) == 0


def test_what_was_long_ago_is_forgotten() -> None:
    pace = Pace()
    pace.note(0.0, 0)
    for second in range(1, 61):
        pace.note(float(second), 10_000 + second)
    assert pace.rate == 1


def test_a_standstill_has_no_end() -> None:
    pace = Pace()
    pace.note(0.0, 5)
    pace.note(5.0, 5)
    assert (pace.rate, pace.left(10)) == (0, None)
