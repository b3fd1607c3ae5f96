"""A drive that comes back at another place: known by the files on it."""

import os
from collections.abc import Iterable, Iterator

from lookalike.indexer.presence import is_away, missing
from lookalike.source import volumes
from lookalike.store import Store, under
from lookalike.types import is_address

_SAMPLE = 24
_SHARE = 0.8
"""Of the files of the sample, how many have to be where they were."""

_CLOCK_NS = 2 * 10**9
"""Time stamps on a drive may be rounded to two seconds."""


def comebacks(store: Store, starts: Iterable[str]) -> dict[str, str]:
    """Known roots that are away from where they were, and are found elsewhere: old path to new.

    Args:
        store: the collection.
        starts: what is to be indexed. A root that is away among them is looked for on all drives;
            each that is new is held against all roots that are away.
    """
    starts = list(starts)
    # A root that was indexed while its drive was elsewhere holds nothing: the drive may return.
    roots = [root for root in store.roots() if root not in starts or _holds_any(store, root)]
    away = [root for root in roots if not is_address(root) and is_away(root)]
    fresh = [start for start in starts if start not in roots and os.path.isdir(start)]
    found: dict[str, str] = {}
    for root in away:
        places = [*fresh, *(_elsewhere(root) if root in starts else ())]
        sample = _sample(store, root)
        for place in places:
            free = not any(under(place, other) or under(other, place) for other in roots)
            if free and place not in found.values() and _is_there(sample, place):
                found[root] = place
                break
    return found


def _holds_any(store: Store, root: str) -> bool:
    return any(store.states(folder) for folder in store.folders(root))


def _elsewhere(root: str) -> Iterator[str]:
    """Where the root would be, if one of today's drives had been mounted on the way to it."""
    parts = os.path.splitdrive(root)[1].strip(os.sep).split(os.sep)
    for volume in volumes():
        for first in range(len(parts) + 1):
            place = os.path.normpath(os.path.join(volume, *parts[first:]))
            if place != root and os.path.isdir(place):
                yield place


def _sample(store: Store, root: str) -> list[tuple[str, int, int]]:
    """Some of the root's files: path from the root, bytes, nanoseconds."""
    folders = sorted(store.folders(root))
    sample = []
    for folder in folders[:: max(1, len(folders) // _SAMPLE)]:
        states = store.states(folder)
        names = sorted(name for name, state in states.items() if state.id is not None)
        for name in names[:: max(1, len(names) * len(folders) // _SAMPLE)]:
            path = os.path.relpath(os.path.join(folder, name), root)
            sample.append((path, states[name].size, states[name].mtime_ns))
    return sample


def _is_there(sample: list[tuple[str, int, int]], place: str) -> bool:
    same = 0
    for path, size, mtime_ns in sample:
        file = os.path.join(place, path)
        if missing(file):
            continue
        try:
            status = os.stat(file)
        except OSError:
            continue
        same += status.st_size == size and abs(status.st_mtime_ns - mtime_ns) <= _CLOCK_NS
    return bool(sample) and same >= _SHARE * len(sample)
