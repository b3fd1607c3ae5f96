"""GET /api/facets: what there is to filter by."""

from typing import Annotated

from fastapi import APIRouter, Depends

from lookalike.server.asked import asked_where
from lookalike.server.schemas import FacetsBody
from lookalike.server.served import Chosen
from lookalike.types import Where


def router() -> APIRouter:
    """The route of what there is to filter by."""
    routes = APIRouter(prefix="/api", tags=["Pictures"])

    @routes.get("/facets", summary="What there is to filter by")
    def facets(
        collection: Chosen, where: Annotated[Where | None, Depends(asked_where)]
    ) -> FacetsBody:
        """Folders, formats, labels, cameras and months, with the number of pictures of each.

        Each list counts the pictures that fit the rest of `where`, whatever it says of the list's
        own field: a count says how many pictures choosing that value would leave.
        """
        return FacetsBody.of(collection.facets(where))

    return routes
