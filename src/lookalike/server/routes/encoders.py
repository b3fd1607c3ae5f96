"""The encoders of a collection: add one, compare it, switch to it, drop the earlier one."""

from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, HTTPException, Path
from pydantic import BaseModel, ConfigDict, Field

from lookalike.collection import Collection
from lookalike.encoders import BUNDLED, CATALOGUE
from lookalike.encoders.download import cached
from lookalike.errors import CollectionBusyError, EncoderMismatchError, QueryError
from lookalike.layers import Agreement, SideBySide
from lookalike.present.text import display_path
from lookalike.server.schemas import EncoderBody, ErrorBody, ImageBody
from lookalike.server.served import Chosen

_Answers: TypeAlias = dict[int | str, dict[str, Any]]

_BUSY: _Answers = {409: {"model": ErrorBody, "description": "the collection is being written to"}}
_UNKNOWN: _Answers = {
    404: {"model": ErrorBody, "description": "the collection has no such encoder"}
}
_Number = Annotated[int, Path(ge=1, le=2**31)]


class AddRequest(BaseModel):
    """An encoder to add."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(max_length=100, description="a name of the catalogue, already downloaded")


class SwitchRequest(BaseModel):
    """How to switch."""

    model_config = ConfigDict(extra="forbid")

    incomplete: bool = Field(False, description="also where the encoder lacks pictures")


class CompareRequest(BaseModel):
    """How to compare."""

    model_config = ConfigDict(extra="forbid")

    sample: int = Field(50, ge=1, le=500, description="how many pictures to ask by, at most")


class SideBySideBody(BaseModel):
    """One picture that was asked by, and what either encoder finds nearest to it."""

    asked: ImageBody
    nearest: dict[str, list[ImageBody]] = Field(
        description="by encoder's name, its ten nearest pictures, nearest first"
    )

    @classmethod
    def of(cls, collection: Collection, example: SideBySide) -> "SideBySideBody | None":
        """The example; None where its picture has gone meanwhile."""
        found = collection.image_files([example.asked])
        if not found:
            return None
        return cls(
            asked=ImageBody.of(found[0]),
            nearest={
                display_path(name): [ImageBody.of(file) for file in collection.image_files(ids)]
                for name, ids in example.nearest.items()
            },
        )


class ComparisonBody(BaseModel):
    """Two encoders side by side, on a sample of the pictures that both have embedded."""

    sample: int = Field(description="number of pictures that were asked by")
    overlap: float = Field(
        description="how many of a picture's ten nearest are the same with both, as a share"
    )
    found_again: dict[str, float] = Field(
        description="by encoder's name, the share of changed copies whose nearest picture is the "
        "one that they were made from; the one that answers comes first"
    )
    examples: list[SideBySideBody] = Field(description="pictures on which the two agree least")

    @classmethod
    def of(cls, collection: Collection, found: Agreement) -> "ComparisonBody":
        """The comparison, with its names and paths made safe to show."""
        examples = [SideBySideBody.of(collection, each) for each in found.examples]
        return cls(
            sample=found.sample,
            overlap=found.overlap,
            found_again={display_path(name): share for name, share in found.found_again.items()},
            examples=[each for each in examples if each is not None],
        )


class EncodersBody(BaseModel):
    """The encoders of a collection, and those that could be added."""

    encoders: list[EncoderBody]
    available: list[str] = Field(description="names that can be added without a download")

    @classmethod
    def of(cls, collection: Collection) -> "EncodersBody":
        """The encoders as they are now."""
        known = collection.encoders.all()
        names = {each.name for each in known}
        return cls(
            encoders=[EncoderBody.of(each) for each in known],
            available=[name for name in _at_hand() if name not in names],
        )


def router() -> APIRouter:
    """The routes of encoders."""
    routes = APIRouter(prefix="/api/encoders", tags=["Encoders"])

    @routes.get("", summary="The encoders of a collection")
    def encoders(collection: Chosen) -> EncodersBody:
        """Which one answers, and what the others lack."""
        return EncodersBody.of(collection)

    @routes.post(
        "",
        summary="Add an encoder",
        status_code=201,
        responses={
            **_BUSY,
            422: {"model": ErrorBody, "description": "it is not at hand, or there already"},
        },
    )
    def add(collection: Chosen, wanted: AddRequest) -> EncodersBody:
        """Adds one beside the one that answers. `POST /api/index` fills it; searches go on."""
        if wanted.model not in _at_hand():
            raise HTTPException(
                422,
                f"{wanted.model} is no encoder at hand: fetch it first with lookalike models pull, "
                "or add your own with lookalike encoder add",
            )
        try:
            collection.encoders.add(wanted.model)
        except CollectionBusyError as error:
            raise HTTPException(409, str(error)) from error
        except EncoderMismatchError as error:
            raise HTTPException(422, str(error)) from error
        return EncodersBody.of(collection)

    @routes.post(
        "/{number}/switch",
        summary="Switch to an encoder",
        responses={
            **_UNKNOWN,
            409: {"model": ErrorBody, "description": "it lacks pictures, or somebody writes"},
        },
    )
    def switch(collection: Chosen, number: _Number, how: SwitchRequest) -> EncodersBody:
        """Has it answer from now on; the earlier one is kept until it is dropped."""
        _require(collection, number)
        try:
            collection.encoders.switch(number, incomplete=how.incomplete)
        except (CollectionBusyError, QueryError) as error:
            raise HTTPException(409, str(error)) from error
        return EncodersBody.of(collection)

    @routes.post(
        "/{number}/compare",
        summary="Compare an encoder",
        responses={
            **_UNKNOWN,
            409: {"model": ErrorBody, "description": "it answers, or has embedded nothing yet"},
        },
    )
    def compare(collection: Chosen, number: _Number, how: CompareRequest) -> ComparisonBody:
        """Holds it against the one that answers, on the collection's own pictures.

        It reads each picture that is asked by and embeds three changed copies of it with both,
        which takes seconds.
        """
        _require(collection, number)
        try:
            return ComparisonBody.of(collection, collection.encoders.compare(number, how.sample))
        except QueryError as error:
            raise HTTPException(409, str(error)) from error

    @routes.delete(
        "/{number}",
        summary="Drop an encoder",
        responses={
            **_UNKNOWN,
            409: {"model": ErrorBody, "description": "it answers, or somebody writes"},
        },
    )
    def drop(collection: Chosen, number: _Number) -> EncodersBody:
        """Forgets it and all its embeddings."""
        _require(collection, number)
        try:
            collection.encoders.drop(number)
        except (CollectionBusyError, QueryError) as error:
            raise HTTPException(409, str(error)) from error
        return EncodersBody.of(collection)

    return routes


def _at_hand() -> list[str]:
    return [*BUNDLED, *(name for name, entry in CATALOGUE.items() if cached(entry))]


def _require(collection: Collection, number: int) -> None:
    if number not in [each.number for each in collection.encoders.all()]:
        raise HTTPException(404, f"the collection has no encoder {number}")
