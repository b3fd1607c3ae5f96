"""What there is to filter by: what every store counts in the same way."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from lookalike.store.base import FileRecord, under
from lookalike.types import Facet, Facets, Where

MOST = 1000
"""Values a list, those with the most pictures."""


def besides(where: Where | None) -> dict[str, Where]:
    """For each list of `Facets`, the filter without what it says of the list's own field."""
    where = where or Where()
    return {
        "folders": replace(where, folder=None),
        "formats": replace(where, format=()),
        "labels": replace(where, label=()),
        "cameras": replace(where, camera=None),
        "months": replace(where, after=None, before=None),
    }


def make_facets(
    counts: Mapping[str, Mapping[str, int]], roots: Sequence[str], total: int
) -> Facets:
    """Facets from plain counts.

    Args:
        counts: number of pictures by value, for each list; of folders, those directly in them.
        roots: the folders that were indexed.
        total: number of pictures that fit.
    """
    return Facets(
        folders=_ranked(_with_what_is_under(counts["folders"], roots)),
        formats=_ranked(counts["formats"]),
        labels=_ranked(counts["labels"]),
        cameras=_ranked(counts["cameras"]),
        months=_ranked(counts["months"]),
        total=total,
    )


def month_of(file: FileRecord) -> str | None:
    """The month of a picture's time, on the clock that `Where.after` goes by: "YYYY-MM"."""
    seconds, zone = (file.mtime_ns // 10**9, None) if file.taken is None else (file.taken, UTC)
    try:
        return f"{datetime.fromtimestamp(seconds, zone):%Y-%m}"
    except (ValueError, OverflowError, OSError):
        return None  # a time stamp can be any number


def _with_what_is_under(direct: Mapping[str, int], roots: Sequence[str]) -> Mapping[str, int]:
    """Folders with pictures, and those between them and the roots, each with what is under it."""
    totals: Counter[str] = Counter()
    for folder, count in direct.items():
        for place in _upward(folder):
            if place in direct or any(under(place, root) for root in roots):
                totals[place] += count
    return totals


def _upward(folder: str) -> Iterator[str]:
    above = ""
    while folder != above:
        yield folder
        above, folder = folder, os.path.dirname(folder)


def _ranked(counts: Mapping[str, int]) -> tuple[Facet, ...]:
    """The most frequent values, by name; one that no text can carry is left out."""
    named = [(name, count) for name, count in counts.items() if _is_text(name)]
    frequent = sorted(named, key=lambda pair: (-pair[1], pair[0]))[:MOST]
    return tuple(Facet(name, count) for name, count in sorted(frequent))


def _is_text(name: str) -> bool:
    # Undecodable bytes of a path, which a filter could not name either.
    return not any("\ud800" <= letter <= "\udfff" for letter in name)
