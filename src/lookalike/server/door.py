"""The door of a server that others can reach: a token, or a cookie that the token was given for."""

import hashlib
import hmac
from importlib.resources import files
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lookalike.server.errors import error_response
from lookalike.server.limits import Bucket
from lookalike.server.policy import Policy

_COOKIE = "lookalike"
_MONTH_S = 30 * 24 * 3600
_OPEN = ("/healthz", "/readyz", "/static/")
"""Places that say nothing of the pictures."""


class Door:
    """Answers 401 to who has not shown the token. Does nothing where there is none."""

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self.app = app
        self._token = policy.token
        self._page = (
            files("lookalike.server").joinpath("templates", "login.html").read_text("utf-8")
        )
        # Guesses: a few at once, then one every ten seconds, from each client.
        self._guesses = Bucket(rate=0.1, burst=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if self._token is None or scope["type"] != "http" or scope["path"].startswith(_OPEN):
            await self.app(scope, receive, send)
            return
        answer: Response | None
        if scope["path"] == "/login":
            answer = await self._log_in(Request(scope, receive), self._token)
        else:
            answer = self._refusal(scope, self._token)
        await (answer or self.app)(scope, receive, send)

    def _refusal(self, scope: Scope, token: str) -> Response | None:
        headers = Headers(scope=scope)
        given = headers.get("authorization", "")
        if given[:7].lower() == "bearer ":
            wait = self._guesses.wait(_client(scope))
            if wait is None and _same(given[7:].strip(), token):
                self._guesses.give_back(_client(scope))
                return None
            if wait is not None:
                return _too_many(wait)
        elif _same(cookie_parser(headers.get("cookie", "")).get(_COOKIE, ""), _session(token)):
            return None
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            return RedirectResponse("/login", 303)
        return error_response(
            401,
            "show the server's token: Authorization: Bearer TOKEN, or open /login in a browser",
            {"WWW-Authenticate": "Bearer"},
        )

    async def _log_in(self, request: Request, token: str) -> Response:
        if request.method != "POST":
            return HTMLResponse(self._page)
        wait = self._guesses.wait(_client(request.scope))
        if wait is not None:
            return _too_many(wait)
        fields = parse_qs((await request.body()).decode("utf-8", "replace"))
        if not _same(fields.get("token", [""])[0].strip(), token):
            return HTMLResponse(self._page, 401)
        self._guesses.give_back(_client(request.scope))
        answer = RedirectResponse("/", 303)
        # What the browser keeps is not the token itself.
        answer.set_cookie(
            _COOKIE,
            _session(token),
            max_age=_MONTH_S,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return answer


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _session(token: str) -> str:
    return hmac.new(token.encode(), b"lookalike session 1", hashlib.sha256).hexdigest()


def _client(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


def _too_many(wait: float) -> Response:
    return error_response(429, "too many tries: wait a little", {"Retry-After": str(int(wait) + 1)})
