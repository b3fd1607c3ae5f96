"""The application: routes over collections, behind the guards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from lookalike import __version__
from lookalike.collection import Collection
from lookalike.server import errors
from lookalike.server.deadlines import Deadlines
from lookalike.server.door import Door
from lookalike.server.guard import SECURITY_HEADERS, BodyLimit, OwnPage, SecurityHeaders
from lookalike.server.limits import RateLimit, Turns
from lookalike.server.log import RequestLog
from lookalike.server.metrics import CountRequests, Metrics
from lookalike.server.policy import Policy
from lookalike.server.routes import (
    about,
    choice,
    duplicates,
    encoders,
    explain,
    export,
    facets,
    images,
    indexing,
    labels,
    pages,
    search,
    tidy,
    uploads,
)
from lookalike.server.routes import map as map_routes
from lookalike.server.schemas import ErrorBody
from lookalike.server.served import Served

_DESCRIPTION = (
    "Reverse image search over your own pictures. Pictures are named by id, never by path. "
    'Every error is {"error": "one sentence that says what to do"}.'
)


_ANYWHERE = {
    400: "the request is not well formed",
    401: "the server has a token, and the request does not show it",
    403: "the request names another host, comes from another page, or asks what is turned off",
    404: "there is no such collection, or nothing of that name or number in it",
    408: "the request did not arrive in time",
    413: "the body is too large",
    422: "a field is out of range",
    429: "too many requests; Retry-After says when to come again",
    503: "the collection cannot be reached for now, or the answer took too long",
}
"""What any route may answer."""


def create_app(
    *collections: Collection, policy: Policy | None = None, watch: bool = False
) -> FastAPI:
    """The HTTP API and the page of open collections; the first is meant where none is named.

    With `watch`, their folders are watched while the application runs.

    The caller keeps them open while the application runs, and closes them afterwards.
    Handlers that compute are plain functions, which run in the thread pool: the event loop
    stays free.
    """
    policy = policy or Policy()
    served = Served(collections, watched=watch)
    metrics = Metrics(lambda: served.pictures)
    app = FastAPI(
        title="Lookalike",
        description=_DESCRIPTION,
        version=__version__,
        docs_url=None,  # those pages load their scripts from another machine; ours does not
        redoc_url=None,
        lifespan=_lifespan,
        responses={
            status: {"model": ErrorBody, "description": text} for status, text in _ANYWHERE.items()
        },
    )
    app.state.served = served
    app.state.policy = policy
    errors.install(app, SECURITY_HEADERS)
    app.include_router(search.router(metrics))
    app.include_router(explain.router())
    app.include_router(images.router())
    app.include_router(labels.router())
    app.include_router(facets.router())
    app.include_router(duplicates.router())
    app.include_router(tidy.router())
    app.include_router(export.router())
    app.include_router(uploads.router())
    app.include_router(map_routes.router())
    app.include_router(indexing.router())
    app.include_router(encoders.router())
    app.include_router(choice.router())
    app.include_router(about.router(metrics))
    app.include_router(pages.router(app))

    # The last one added stands outermost.
    app.add_middleware(BodyLimit)
    app.add_middleware(Turns, policy=policy)
    app.add_middleware(Deadlines, policy=policy)
    app.add_middleware(RateLimit, policy=policy)
    app.add_middleware(Door, policy=policy)
    app.add_middleware(OwnPage, policy=policy)
    app.add_middleware(CountRequests, metrics=metrics)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    served: Served = app.state.served
    served.start()
    yield
    await run_in_threadpool(served.close)
