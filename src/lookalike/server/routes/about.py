"""What the collection holds, and how the server does."""

import logging

from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from lookalike.errors import EncoderError, EncoderMismatchError, LookalikeError
from lookalike.server.errors import COME_AGAIN
from lookalike.server.metrics import Metrics
from lookalike.server.schemas import HealthBody, ReadyBody, StatusBody
from lookalike.server.served import Chosen, Served

_log = logging.getLogger(__name__)

_OF_ENCODERS = (EncoderError, EncoderMismatchError)


def router(metrics: Metrics) -> APIRouter:
    """Status, health and metrics."""
    routes = APIRouter(tags=["Server"])

    @routes.get("/api/status", summary="What the collection holds")
    def status(collection: Chosen) -> StatusBody:
        """The collection's place, its encoder and its size."""
        return StatusBody.of(collection.status(), collection.calibration)

    @routes.get("/healthz", summary="Whether the server is up")
    async def health() -> HealthBody:
        """Answers while the server takes requests; never waits for a search."""
        return HealthBody()

    @routes.get("/readyz", summary="Whether the server can answer searches")
    def ready(request: Request) -> ReadyBody:
        """Asks the store of every collection, and looks for the files of their encoders.

        Anybody may ask, so the answer names neither; the log, and `/api/status`, say all.
        """
        served: Served = request.app.state.served
        for member in served:
            try:
                member.collection.check_ready()
            except LookalikeError as error:
                _log.warning("not ready: %s", error)
                what = "encoder" if isinstance(error, _OF_ENCODERS) else "store"
                raise HTTPException(
                    503, f"the {what} of a collection is out of reach: the log says why", COME_AGAIN
                ) from error
        return ReadyBody()

    @routes.get(
        "/metrics",
        summary="Figures for Prometheus",
        response_class=Response,
        responses={200: {"description": "Prometheus' text format", "content": {"text/plain": {}}}},
    )
    def figures() -> Response:
        """Requests by route and status, search times, and the number of pictures."""
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return routes
