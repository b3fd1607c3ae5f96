"""What Prometheus can ask about: requests, search times, pictures."""

from collections.abc import Callable
from time import perf_counter
from types import TracebackType

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """The figures of one application, in a registry of their own."""

    def __init__(self, pictures: Callable[[], float]) -> None:
        """Count from zero.

        Args:
            pictures: asked at each scrape for the number of pictures in the collection.
        """
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "lookalike_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._searches = Histogram(
            "lookalike_search_seconds",
            "Time of a search, from the picture's bytes or id to its hits.",
            ("query",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._pictures = Gauge(
            "lookalike_pictures", "Pictures in the collection.", registry=self.registry
        )
        self._pictures.set_function(pictures)

    def count(self, method: str, route: str, status: int) -> None:
        """Count one answered request."""
        self._requests.labels(method, route, str(status)).inc()

    def search_timer(self, query: str) -> "_Timer":
        """Times the search inside its `with` block; one that fails is not counted."""
        return _Timer(self._searches.labels(query))

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)


class _Timer:
    def __init__(self, histogram: Histogram) -> None:
        self._histogram = histogram

    def __enter__(self) -> None:
        self._start = perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._histogram.observe(perf_counter() - self._start)


class CountRequests:
    """Counts each request under its route; what matches none is counted together."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_see)
        finally:
            # The route, not the path: paths hold ids, and strangers can invent any number.
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self.metrics.count(method, route, status)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
