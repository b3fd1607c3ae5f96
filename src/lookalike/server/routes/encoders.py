"""The encoders of a collection: add one, switch to it, drop the earlier one."""

from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, HTTPException, Path
from pydantic import BaseModel, ConfigDict, Field

from lookalike.collection import Collection
from lookalike.encoders import BUNDLED, CATALOGUE
from lookalike.encoders.download import cached
from lookalike.errors import CollectionBusyError, EncoderMismatchError, QueryError
from lookalike.server.schemas import EncoderBody, ErrorBody
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
