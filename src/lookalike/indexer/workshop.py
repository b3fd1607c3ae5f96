"""Where pictures are prepared and encoded: the one thing that runs of the indexer differ in."""

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Protocol, TypeAlias

from lookalike.encoders import Encoder
from lookalike.indexer.batches import Fresh
from lookalike.indexer.candidates import Candidate
from lookalike.indexer.films import FilmDone
from lookalike.indexer.prepare import Copied, Kept, Refused
from lookalike.indexer.presence import Presence
from lookalike.store import Store

Outcome: TypeAlias = Fresh | FilmDone | Copied | Kept | Refused
"""What became of a candidate."""

Outcomes: TypeAlias = Iterator[Outcome | None]
"""They have to be used up. None says that time has passed, and nothing else."""


class Workshop(Protocol):
    """Takes candidates and gives back what became of each, once, in any order.

    It knows nothing of writing: whoever calls commits. A run that ends early leaves it without
    `drain`, and what is in work then is dropped.
    """

    def __enter__(self) -> object:
        """Open it."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Drop what is in work, and let go of everything."""

    def add(self, candidate: Candidate) -> Outcomes:
        """Take one more candidate, when there is room; gives what has been finished meanwhile.

        Raises:
            EncoderError: the encoder does not work at all.
        """

    def drain(self) -> Outcomes:
        """Finish everything that was added, and give what is left.

        Raises:
            EncoderError: the encoder does not work at all.
        """


OpenWorkshop: TypeAlias = Callable[[Store, Encoder, Presence], Workshop]
