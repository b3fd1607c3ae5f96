"""Where a crew's workers come from, and how they are spoken to: the one thing crews differ in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, TypeAlias

Handle: TypeAlias = Any
"""A worker, as its staff knows it."""

Ticket: TypeAlias = Any
"""Stands for an answer that is to come; can be a key of a dictionary."""

Answer: TypeAlias = Any
"""What the method that was called has returned."""

_MOST = 8
"""Workers of a machine, at most."""

AT_ONCE = 3
"""Parcels a worker has at once: one is read while one is encoded and one ends."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker asks of its machine."""

    cpus: int
    gpus: int = 0


def split(cores: int) -> list[Share]:
    """The workers of one machine with so many cores, at least 1: a core each, up to 8 of them.

    Threads of one Python wait for each other, so many small workers beat few large ones; but each
    has the model in its memory.
    """
    workers = min(cores, _MOST)
    each, left = divmod(cores, workers)
    return [Share(each + (number < left)) for number in range(workers)]


class WorkerDied(Exception):  # noqa: N818  not an error of the run: another one is hired
    """A worker is no more, with why in one line."""


class Staff(Protocol):
    """Hires workers, carries calls of `Worker`'s methods to them, and brings back the answers.

    Attributes:
        name: what one of them is called in a sentence.
        where_to_look: what a user can do where they cannot start.
        unseen_film: why a film that a worker cannot see is refused.
    """

    name: str
    where_to_look: str
    unseen_film: str

    def __enter__(self) -> object:
        """Make ready to hire."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of everything; the workers have been dismissed."""

    def shares(self) -> Sequence[Share]:
        """A share for each worker to hire; at least one."""

    def hire(self, share: Share) -> Handle:
        """A new worker, as the other methods take it; it need not have started yet."""

    def begin(self, worker: Handle, share: Share) -> Ticket:
        """Call `Worker.set_up`; gives a ticket for its answer."""

    def ask(self, worker: Handle, method: str, *given: object) -> Ticket:
        """Call another method of it; gives a ticket for its answer."""

    def answered(self, tickets: Sequence[Ticket], patience_s: float) -> Iterable[Ticket]:
        """Those of the tickets that have an answer; waits as long for the first one."""

    def answer(self, ticket: Ticket) -> Answer:
        """The answer to an answered ticket, once.

        Raises:
            WorkerDied: there is none, nor will there be.
            LookalikeError: what the worker raised.
        """

    def dismiss(self, worker: Handle) -> None:
        """End a worker, whatever it does."""
