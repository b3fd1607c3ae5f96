"""The application: routes over one collection, behind the guards."""

from typing import TYPE_CHECKING

from fastapi import FastAPI

from lookalike import __version__
from lookalike.server import errors
from lookalike.server.guard import SECURITY_HEADERS, BodyLimit, SameMachine, SecurityHeaders
from lookalike.server.metrics import CountRequests, Metrics
from lookalike.server.routes import about, images, pages, search
from lookalike.server.schemas import ErrorBody

if TYPE_CHECKING:
    from lookalike.collection import Collection

_DESCRIPTION = (
    "Reverse image search over your own pictures. Pictures are named by id, never by path. "
    'Every error is {"error": "one sentence that says what to do"}.'
)


def create_app(collection: "Collection") -> FastAPI:
    """The HTTP API and the page of an open collection.

    The caller keeps the collection open while the application runs, and closes it afterwards.
    Handlers that compute are plain functions, which run in the thread pool: the event loop
    stays free.
    """
    metrics = Metrics(lambda: len(collection))
    app = FastAPI(
        title="Lookalike",
        description=_DESCRIPTION,
        version=__version__,
        docs_url=None,  # those pages load their scripts from another machine; ours does not
        redoc_url=None,
        responses={422: {"model": ErrorBody, "description": "a field is out of range"}},
    )
    errors.install(app, SECURITY_HEADERS)
    app.include_router(search.router(collection, metrics))
    app.include_router(images.router(collection))
    app.include_router(about.router(collection, metrics))
    app.include_router(pages.router(app))

    # The last one added stands outermost.
    app.add_middleware(BodyLimit)
    app.add_middleware(SameMachine)
    app.add_middleware(CountRequests, metrics=metrics)
    app.add_middleware(SecurityHeaders)
    return app
