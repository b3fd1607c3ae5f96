"""What the collection holds, and how the server does."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from lookalike.server.metrics import Metrics
from lookalike.server.schemas import HealthBody, StatusBody
from lookalike.server.served import Chosen


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
