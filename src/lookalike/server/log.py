"""One line of JSON a request, and an id that ties answers, errors and lines together.

A line names the route, not the address: no picture, no name of a file, no query and no token is
ever in it.
"""

import json
import logging
import secrets
from contextvars import ContextVar
from datetime import UTC, datetime
from time import perf_counter

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

requests = logging.getLogger("lookalike.requests")
"""Where the lines go, at level INFO; nowhere unless somebody listens."""

request_id: ContextVar[str] = ContextVar("request_id", default="-")
"""The id of the request that is worked on."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestLog:
    """Gives every request an id, `X-Request-Id` in its answer, and logs it when it is over."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = perf_counter()
        this = secrets.token_hex(8)
        request_id.set(this)
        status, got, gave = 0, 0, 0

        async def receive_and_count() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            return message

        async def send_and_count(message: Message) -> None:
            nonlocal status, gave
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = this
            gave += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive_and_count, send_and_count)
        finally:
            if requests.isEnabledFor(logging.INFO):
                line = {
                    "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                    "request": this,
                    "client": scope["client"][0] if scope.get("client") else None,
                    "method": scope["method"] if scope["method"] in _METHODS else "other",
                    "route": getattr(scope.get("route"), "path", "other"),
                    "status": status,
                    "ms": round(1000 * (perf_counter() - started), 1),
                    "bytes_in": got,
                    "bytes_out": gave,
                }
                requests.info("%s", json.dumps(line))
