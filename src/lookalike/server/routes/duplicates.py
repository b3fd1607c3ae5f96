"""GET /api/duplicates: what is in the collection several times."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from lookalike.server.asked import asked_where
from lookalike.server.schemas import DuplicatesBody, GroupBody
from lookalike.server.served import Chosen
from lookalike.types import DuplicateKind, Where


def router() -> APIRouter:
    """The route of duplicates."""
    routes = APIRouter(prefix="/api", tags=["Pictures"])

    @routes.get("/duplicates", summary="Find duplicates", response_model_exclude_unset=True)
    def duplicates(
        collection: Chosen,
        where: Annotated[Where | None, Depends(asked_where)],
        kind: Annotated[DuplicateKind | None, Query(description="all kinds unless told")] = None,
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
        turned: Annotated[
            bool, Query(description="whether to find copies that were turned by quarters")
        ] = True,
    ) -> DuplicatesBody:
        """Groups of identical, near-identical and similar pictures, the best copy of each first.

        The first answer takes as long as comparing takes; it is kept until the collection changes.
        """
        groups = [g for g in collection.duplicates(where, turned=turned) if kind in (None, g.kind)]
        return DuplicatesBody(
            groups=[GroupBody.of(group) for group in groups[offset : offset + limit]],
            total=len(groups),
        )

    return routes
