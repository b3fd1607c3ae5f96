"""Whether a missing file is gone, or only out of reach.

A drive that is not mounted leaves an empty folder, or none. Photo managers that took this for a
deletion have lost thousands of entries; here, a file is gone only if its place is really there.
"""

import os
import threading
from collections.abc import Iterable

from lookalike.errors import SourceError
from lookalike.source import device_number, has_object, list_objects
from lookalike.store import NO_DEVICE, Store, under
from lookalike.types import is_address


class Presence:
    """Answers for the roots of a collection, during one run. Safe to use from several threads."""

    def __init__(self, store: Store, roots: Iterable[str]) -> None:
        self._roots = sorted(set(store.roots()) | set(roots), key=len, reverse=True)
        self._devices = {
            path: device for root in self._roots for path, device in store.folders(root).items()
        }
        self._alive: set[str] = set()
        self._claimed: set[int] = set()
        self._storages: dict[str, bool] = {}
        self._lock = threading.Lock()

    def device(self, folder: str) -> int:
        """The device that `folder` was on when it was indexed; `NO_DEVICE` if it was not."""
        return self._devices.get(folder, NO_DEVICE)

    def saw_known_file_in(self, folder: str) -> None:
        """A file that was stored before is still in `folder`: whatever is mounted is the same."""
        with self._lock:
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

    def away(self, path: str) -> str | None:
        """The place that is out of reach, if that is why nothing is at `path`; else None."""
        # A storage is asked about a root once, not about each of its objects.
        if is_address(path) or missing(path):
            return self.offline(os.path.dirname(path))
        return None

    def offline(self, folder: str) -> str | None:
        """The place that is not really there, if `folder` is out of reach; else None."""
        # What lies under no root was named file by file: its folder takes the root's part.
        root = next((root for root in self._roots if under(folder, root)), folder)
        if is_address(root):
            with self._lock:
                if root not in self._storages:
                    self._storages[root] = is_away(root)
                return root if self._storages[root] else None
        place = folder
        while missing(place):
            if place == root:
                return root
            place = os.path.dirname(place)
        mount = self._mount(place, root)
        try:
            if place == root and not os.listdir(place):
                return root
            device = device_number(mount)
        except OSError:
            return place
        if self._devices.get(mount, NO_DEVICE) in (device, NO_DEVICE):
            return None
        # Another device may still be the same drive, numbered anew: known files tell.
        with self._lock:
            alive = any(under(known, mount) for known in self._alive)
        return None if alive else mount

    def _mount(self, place: str, root: str) -> str:
        """The topmost folder, from `place` up to `root`, that was on the same device."""
        while place != root:
            parent = os.path.dirname(place)
            device = self._devices.get(place, NO_DEVICE)
            if device not in (NO_DEVICE, self._devices.get(parent, NO_DEVICE)):
                return place
            place = parent
        return place


def is_away(root: str) -> bool:
    """Whether a root is missing or empty, as where a drive is not mounted."""
    if is_address(root):
        try:
            return not list_objects(root)
        except SourceError:
            return True
    if missing(root):
        return True
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is None
    except OSError:  # a file, or it cannot be looked into, which is something else
        return False


def missing(path: str) -> bool:
    """Whether the system says that nothing is at `path`; a place that it hides is not missing."""
    if is_address(path):
        try:
            return not has_object(path)
        except SourceError:
            return False
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
