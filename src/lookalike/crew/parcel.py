"""Candidates on their way through a worker and back."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from lookalike.decode import Details
from lookalike.indexer import Candidate, Outcome

PICTURES = 64
"""Pictures a parcel, at most: enough that a message costs little beside them."""

BYTES = 64 * 2**20
"""Bytes of files a parcel, at most, unless one file alone has more."""


@dataclass(slots=True)
class Parcel:
    """Some candidates. The driver keeps them until every one has become an outcome.

    Attributes:
        candidates: what to read and encode.
        contents: the files' bytes by position, where a worker cannot see them; else empty.
        new: whether to encode them whatever the store knows.
        deaths: how many workers have died with it.
        digests: of the contents, once they were read; None where a worker could not see the file.
    """

    candidates: list[Candidate]
    contents: dict[int, bytes] = field(default_factory=dict)
    new: bool = False
    deaths: int = 0
    digests: Sequence[bytes | None] = ()

    def as_sent(self) -> list[Candidate]:
        """The candidates for a worker: what lies beside contents that go along stays here."""
        return [
            one._replace(sidecars=()) if at in self.contents and one.sidecars else one
            for at, one in enumerate(self.candidates)
        ]

    def of(self, at: int) -> "Parcel":
        """A parcel with the candidate at that position alone."""
        contents = {0: self.contents[at]} if at in self.contents else {}
        return Parcel([self.candidates[at]], contents, self.new, self.deaths)


@dataclass(frozen=True, slots=True)
class Finished:
    """What a worker gives back.

    Attributes:
        outcomes: of the candidates that it encoded, or could not.
        details: of those that the store knows, by position.
    """

    outcomes: Sequence[Outcome]
    details: dict[int, Details]
