"""What stands before every request: who may ask, how much may be sent, what browsers are told.

The Host check stops other names from being pointed here (DNS rebinding); the Origin check stops
other web pages from posting; the headers stop them from framing or embedding anything.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lookalike.server.errors import error_response
from lookalike.server.policy import Policy, is_own_page

MAX_UPLOAD_BYTES = 64 * 1024 * 1024
"""Largest picture that may be uploaded."""

_MULTIPART_OVERHEAD = 64 * 1024
_MAX_JSON_BYTES = 64 * 1024

PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
"""Content security policy of everything that does not bring its own."""

SECURITY_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class SecurityHeaders:
    """Adds `SECURITY_HEADERS` to every response; one that sets its own keeps it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class OwnPage:
    """Refuses with 403 what does not name this server, and what another page has sent."""

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self.app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        problem = _stranger(scope, self._policy) if scope["type"] == "http" else None
        if problem is None:
            await self.app(scope, receive, send)
        else:
            await error_response(403, problem)(scope, receive, send)


class BodyLimit:
    """Answers 413 to a body that is too large, before it is read where its length is given."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit, problem = _body_limit(headers.get("content-type", ""))
        length = headers.get("content-length", "")
        if length.isdecimal() and (len(length) > 18 or int(length) > limit):
            await error_response(413, problem)(scope, receive, send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, problem)
            return message

        await self.app(scope, receive_within_limit, send)


def _stranger(scope: Scope, policy: Policy) -> str | None:
    headers = Headers(scope=scope)
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not policy.knows_host(hosts[0]):
        if policy.token is not None:
            return "this server is not known by that name: use its address, or serve with --name"
        return "this server answers on this machine only: open it as http://localhost with its port"
    if scope["method"] in ("GET", "HEAD"):
        return None
    for origin in headers.getlist("origin"):
        if not is_own_page(origin, hosts[0]):
            return "requests from other web pages are refused: open this server's own page"
    return None


def _body_limit(content_type: str) -> tuple[int, str]:
    if content_type.lower().startswith("multipart/"):
        return (
            MAX_UPLOAD_BYTES + _MULTIPART_OVERHEAD,
            f"the upload is over the limit of {MAX_UPLOAD_BYTES // 2**20} MiB: "
            "send a smaller picture",
        )
    return _MAX_JSON_BYTES, f"the request is over the limit of {_MAX_JSON_BYTES // 1024} KiB"
