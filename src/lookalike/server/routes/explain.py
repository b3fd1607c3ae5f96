"""POST /api/explain: why a picture is a hit."""

from fastapi import APIRouter, HTTPException, Request

from lookalike.errors import SourceError
from lookalike.server.asked import ExplainRequest
from lookalike.server.policy import refuse_addresses
from lookalike.server.routes.images import known_image
from lookalike.server.routes.search import resolve
from lookalike.server.schemas import ErrorBody, ExplanationBody
from lookalike.server.served import Chosen

_REFUSALS = {
    404: "no picture has an id, or a file is gone",
    415: "a picture is of a kind that is not accepted",
    502: "an address gave no picture",
}


def router() -> APIRouter:
    """The route that explains."""
    routes = APIRouter(prefix="/api", tags=["Search"])

    @routes.post(
        "/explain",
        summary="Why a picture matched",
        responses={
            status: {"model": ErrorBody, "description": text} for status, text in _REFUSALS.items()
        },
    )
    def explain(collection: Chosen, asked: ExplainRequest, request: Request) -> ExplanationBody:
        """Heat maps over the first picture of the query, and over the picture `image`.

        Parts of each are hidden in turn, and what is left is encoded anew: about a hundred
        pictures through the encoder, once; the last answers are kept.
        """
        refuse_addresses(request, asked.urls)
        known_image(collection, asked.image)
        query = resolve(collection, asked).query
        try:
            return ExplanationBody.of(collection.explain(query, asked.image))
        except SourceError as error:  # all that was named by address has been fetched
            raise HTTPException(404, str(error)) from error

    return routes
