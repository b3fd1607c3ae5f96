"""How fast a job goes, and how long it still needs."""

from collections import deque

_WINDOW_S = 15.0


class Pace:
    """Files a second over the last quarter of a minute: what was long ago says little of now."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, now: float, done: int) -> None:
        """Note that at `now`, in seconds of any clock that only rises, `done` files were done."""
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _WINDOW_S:
            self._seen.popleft()

    @property
    def rate(self) -> float | None:
        """Files a second; None before there is anything to tell it by."""
        if len(self._seen) < 2:
            return None
        (start, before), (end, after) = self._seen[0], self._seen[-1]
        return (after - before) / (end - start) if end - start >= 0.5 else None

    def left(self, total: int) -> float | None:
        """Seconds until `total` files are done; None where that cannot be told."""
        rate = self.rate
        if not rate:
            return None
        return max(0, total - self._seen[-1][1]) / rate
