"""What one run looks at: folders, each under a root with its rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lookalike.errors import SourceError
from lookalike.source import Sieve
from lookalike.store import under
from lookalike.types import Rules


@dataclass(frozen=True, slots=True)
class Scope:
    """A folder or file to look at, and the root that it is, or lies under.

    Attributes:
        start: absolute path.
        sieve: of the root.
        known: the rules that the store has for the root; None where it has none of it.
    """

    start: str
    sieve: Sieve
    known: Rules | None

    @property
    def root(self) -> str:
        """The root's absolute path."""
        return self.sieve.root


def scopes(starts: Sequence[str], known: Mapping[str, Rules], rules: Rules | None) -> list[Scope]:
    """The scopes of a run; what lies under another start comes once, with that.

    Args:
        starts: absolute paths, as they were asked for.
        known: rules of the roots of the store. A start under one of them is a part of it.
        rules: new rules for the starts, which are roots then; None keeps those that are known.

    Raises:
        SourceError: a pattern is none, or the rules are for a part of a root.
    """
    result = []
    for start in _outermost(starts):
        root = next((root for root in _outermost([*known]) if under(start, root)), start)
        if rules is not None and root != start:
            raise SourceError(
                f"{start} lies under {root}, whose rules hold there: give rules for {root}, such "
                "as a pattern with the path from there"
            )
        wanted = rules if rules is not None else known.get(root, Rules())
        result.append(Scope(start, Sieve.of(root, wanted), known.get(root)))
    return result


def _outermost(paths: Sequence[str]) -> list[str]:
    distinct = list(dict.fromkeys(paths))
    return [
        path
        for path in distinct
        if not any(other != path and under(path, other) for other in distinct)
    ]
