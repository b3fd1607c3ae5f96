"""What a trial of reliability says: what was tried, how often, what failed."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.table import print_table


@dataclass(slots=True)
class Trial:
    """One row of the table.

    Attributes:
        what: what was tried.
        tried: how many times.
        failures: a sentence for each time that it did not hold.
        seconds: wall-clock time of all of it.
        note: a figure worth telling.
    """

    what: str
    tried: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0
    note: str = ""

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Adds the time inside to `seconds`."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds += time.monotonic() - started

    def check(self, holds: bool, sentence: str) -> None:
        """Note a failure unless it `holds`."""
        if not holds:
            self.failures.append(sentence)


def print_trials(trials: Sequence[Trial]) -> None:
    """The table, and under it every failure."""
    print_table(
        ["tried", "times", "failed", "seconds", ""],
        [
            [t.what, f"{t.tried:,}", str(len(t.failures)), f"{t.seconds:.0f}", t.note]
            for t in trials
        ],
    )
    for trial in trials:
        for failure in trial.failures:
            print(f"\n{trial.what}: {failure}")
