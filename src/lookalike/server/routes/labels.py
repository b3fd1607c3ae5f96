"""The labels of a picture: set them, and have some suggested."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lookalike.collection import Collection
from lookalike.server.routes.images import known_image
from lookalike.server.schemas import ErrorBody, ImageId
from lookalike.server.served import Chosen

_NOT_THERE: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorBody, "description": "no picture has this id"}
}
_Id = Annotated[ImageId, Path(alias="id")]


def _label(text: str) -> str:
    label = text.strip()
    if not label or not label.isprintable():
        raise ValueError("a label is a word or a few, on one line")
    return label


_Label = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_label)]


class LabelsBody(BaseModel):
    """All labels of a picture."""

    model_config = ConfigDict(extra="forbid")

    labels: list[_Label] = Field(max_length=64)


class ChangeBody(BaseModel):
    """Labels for several pictures at once."""

    model_config = ConfigDict(extra="forbid")

    ids: list[ImageId] = Field(min_length=1, max_length=10_000)
    add: list[_Label] = Field([], max_length=64, description="labels that they get")
    remove: list[_Label] = Field([], max_length=64, description="labels that they lose")


class ChangedBody(BaseModel):
    """How many pictures were labelled."""

    images: int


class SuggestionBody(BaseModel):
    """A label that a picture may deserve."""

    label: str
    score: float = Field(description="its share of the similarity to the nearest pictures, 0 to 1")
    evidence: list[int] = Field(description="ids of pictures that have it, nearest first")


class SuggestionsBody(BaseModel):
    """Labels that a picture may deserve, the likeliest first."""

    labels: list[SuggestionBody]


def router() -> APIRouter:
    """The routes of labels."""
    routes = APIRouter(prefix="/api", tags=["Pictures"])

    @routes.post("/labels", summary="Label several pictures", responses=_NOT_THERE)
    def change(collection: Chosen, body: ChangeBody) -> ChangedBody:
        """Gives pictures further labels and takes others off: all of them, or none."""
        ids = set(body.ids)
        if len(collection.image_files(list(ids))) < len(ids):
            raise HTTPException(404, "one of these pictures is not in the collection any more")
        collection.change_labels(ids, add=body.add, remove=body.remove)
        return ChangedBody(images=len(ids))

    @routes.put("/images/{id}/labels", summary="Label a picture", responses=_NOT_THERE)
    def label(collection: Chosen, image_id: _Id, body: LabelsBody) -> LabelsBody:
        """Gives a picture these labels in place of its own; case does not tell labels apart."""
        known_image(collection, image_id)
        collection.set_labels({image_id: body.labels})
        return LabelsBody(labels=_labels(collection, image_id))

    @routes.get("/images/{id}/suggestions", summary="Labels to choose from", responses=_NOT_THERE)
    def suggestions(collection: Chosen, image_id: _Id) -> SuggestionsBody:
        """Labels that the picture lacks and its nearest pictures have, and which those are."""
        known_image(collection, image_id)
        found = collection.suggest_labels(image_id)
        return SuggestionsBody(
            labels=[
                SuggestionBody(label=each.label, score=each.score, evidence=list(each.evidence))
                for each in found
            ]
        )

    return routes


def _labels(collection: Collection, image_id: int) -> list[str]:
    return collection.labels([image_id]).get(image_id, [])
