"""How much at once: a rate for each client, and turns for what costs the machine."""

import asyncio
import math
import time
from collections import OrderedDict

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lookalike.server.errors import error_response
from lookalike.server.policy import Policy

_CLIENTS = 10_000
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Bucket:
    """Counts what each client asks for: `burst` at once, then `rate` a second."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        # Of those that were heard of last; the others have full buckets by then, or nearly so.
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> float | None:
        """None, and one is taken; or the seconds until there is one."""
        now = time.monotonic()
        level, since = self._levels.pop(client, (float(self._burst), now))
        level = min(self._burst, level + (now - since) * self._rate)
        taken = level >= 1
        self._levels[client] = (level - 1 if taken else level, now)
        if len(self._levels) > _CLIENTS:
            self._levels.popitem(last=False)
        return None if taken else (1 - level) / self._rate

    def give_back(self, client: str) -> None:
        """What was taken last does not count."""
        level, since = self._levels.get(client, (float(self._burst), time.monotonic()))
        self._levels[client] = (level + 1, since)


class RateLimit:
    """Answers 429 to a client that asks more often than the policy lets it."""

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self.app = app
        self._bucket = Bucket(policy.rate, policy.burst) if policy.rate else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        wait = None
        if self._bucket is not None and scope["type"] == "http" and scope["method"] not in _READS:
            wait = self._bucket.wait(scope["client"][0] if scope.get("client") else "")
        if wait is None:
            await self.app(scope, receive, send)
        else:
            await _come_again(wait)(scope, receive, send)


class Turns:
    """Lets a few costly requests be worked on at once; the others wait, and 429 beyond.

    A request takes its turn when all of it has arrived, so that a slow sender holds up nobody.
    """

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self.app = app
        self._free = asyncio.Semaphore(policy.turns)
        self._waiting = 0
        self._most = policy.waiting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in _READS:
            await self.app(scope, receive, send)
            return
        has_turn = False

        async def receive_and_wait() -> Message:
            nonlocal has_turn
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body") and not has_turn:
                await self._take()
                has_turn = True
            return message

        try:
            await self.app(scope, receive_and_wait, send)
        finally:
            if has_turn:
                self._free.release()

    async def _take(self) -> None:
        if self._waiting >= self._most:
            raise HTTPException(429, "the server is busy: try again", {"Retry-After": "1"})
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1


def _come_again(wait: float) -> ASGIApp:
    seconds = math.ceil(wait)
    return error_response(
        429, f"too many requests: try again in {seconds} s", {"Retry-After": str(seconds)}
    )
