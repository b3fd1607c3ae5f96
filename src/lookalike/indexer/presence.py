"""Whether a missing file is gone, or only out of reach.

A drive that is not mounted leaves an empty folder, or none. Photo managers that took this for a
deletion have lost thousands of entries; here, a file is gone only if its place is really there.
"""

import os
import threading
from collections.abc import Iterable

from lookalike.store import Store, under


class Presence:
    """Answers for the roots of a collection, during one run. Safe to use from several threads."""

    def __init__(self, store: Store, roots: Iterable[str]) -> None:
        self._roots = sorted(set(store.roots()) | set(roots), key=len, reverse=True)
        self._devices = {
            path: device for root in self._roots for path, device in store.folders(root).items()
        }
        self._alive: set[str] = set()
        self._claimed: set[int] = set()
        self._lock = threading.Lock()

    def device(self, folder: str) -> int | None:
        """The device that `folder` was on when it was last indexed, if it was."""
        return self._devices.get(folder)

    def saw_known_file_in(self, folder: str) -> None:
        """A file that was stored before is still in `folder`: whatever is mounted is the same."""
        self._alive.add(folder)

    def claim(self, image_id: int, path: str) -> bool:
        """Whether the picture stored under `path` is gone from there, and nobody claimed it yet.

        The one who claims it takes it over as moved.
        """
        if not self.is_gone(path):
            return False
        with self._lock:
            if image_id in self._claimed:
                return False
            self._claimed.add(image_id)
            return True

    def is_gone(self, path: str) -> bool:
        """Whether there is surely no file at `path` any more."""
        return missing(path) and self.offline(os.path.dirname(path)) is None

    def offline(self, folder: str) -> str | None:
        """The place that is not really there, if `folder` is out of reach; else None."""
        root = next((root for root in self._roots if under(folder, root)), None)
        if root is None:
            return None
        place = folder
        while missing(place):
            if place == root:
                return root
            place = os.path.dirname(place)
        try:
            empty = not os.listdir(place)
            device = os.stat(place).st_dev
        except OSError:
            return place
        remounted = self._devices.get(place, device) not in (device, -1)
        if empty and (place == root or remounted):
            return place
        if remounted and not any(under(alive, place) for alive in self._alive):
            return place
        return None


def missing(path: str) -> bool:
    """Whether the system says that nothing is at `path`; a place that it hides is not missing."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
