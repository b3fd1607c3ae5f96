"""Requests for what the client may have already."""

from starlette.requests import Request


def has_it(request: Request, tag: str) -> bool:
    """Whether the client says that it has the answer with this ETag: then 304 is enough."""
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or tag in (
        part.strip().removeprefix("W/") for part in known.split(",")
    )
