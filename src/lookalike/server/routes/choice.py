"""GET /api/collections: what there is to choose from."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from lookalike.present.text import display_path
from lookalike.server.schemas import ModelBody
from lookalike.server.served import Member, Served


class CollectionBody(BaseModel):
    """One collection of the server."""

    name: str = Field(description="what ?collection= takes")
    images: int
    model: ModelBody
    path: str = Field(description="the collection's folder")
    bytes: int = Field(description="size on disk, caches included")

    @classmethod
    def of(cls, member: Member) -> "CollectionBody":
        """The collection, with its path made safe to show."""
        status = member.collection.status()
        model = status.model
        return cls(
            name=member.name,
            images=status.images,
            model=ModelBody(name=model.name, sha256=model.sha256, dimension=model.dimension),
            path=display_path(status.collection),
            bytes=status.bytes,
        )


class CollectionsBody(BaseModel):
    """The collections of the server; the first is the one that is meant where none is named."""

    collections: list[CollectionBody]


def router() -> APIRouter:
    """The list of collections."""
    routes = APIRouter(prefix="/api", tags=["Collections"])

    @routes.get("/collections", summary="List collections")
    def collections(request: Request) -> CollectionsBody:
        """Every route takes one of these names as `?collection=`; the first unless told."""
        served: Served = request.app.state.served
        return CollectionsBody(collections=[CollectionBody.of(member) for member in served])

    return routes
