"""POST /api/search: a picture in, its neighbours out."""

import base64
from typing import Annotated

from fastapi import APIRouter, Depends

from lookalike.collection import Collection
from lookalike.decode import thumbnail
from lookalike.present.text import display_path
from lookalike.server.metrics import Metrics
from lookalike.server.routes.images import known_image
from lookalike.server.routes.question import BODY_SCHEMA, Question, Upload, read_question
from lookalike.server.schemas import ErrorBody, HitBody, SearchBody
from lookalike.server.served import Chosen
from lookalike.source import fetch
from lookalike.types import Hit

_PREVIEW_SIDE = 640

_REFUSALS = {
    400: "the body is not what its type says",
    404: "no picture has this id",
    413: "the picture is too large",
    415: "the body or the picture is of a kind that is not accepted",
    422: "a field is missing or out of range",
    502: "the address gave no picture",
}


def router(metrics: Metrics) -> APIRouter:
    """The search route."""
    routes = APIRouter(prefix="/api", tags=["Search"])

    @routes.post(
        "/search",
        summary="Search by picture",
        response_model_exclude_none=True,
        openapi_extra=BODY_SCHEMA,
        responses={
            status: {"model": ErrorBody, "description": text} for status, text in _REFUSALS.items()
        },
    )
    def search(
        collection: Chosen, question: Annotated[Question, Depends(read_question)]
    ) -> SearchBody:
        """The most similar pictures to a picture that you send, or name by address or id."""
        k, picture = question.options.k, question.picture
        if isinstance(picture, Upload):
            return by_bytes(collection, "file", picture.name, picture.data, question)
        if picture.url is not None:
            data = fetch(picture.url, allow_private=False)
            return by_bytes(collection, "url", picture.url, data, question)
        assert picture.id is not None  # noqa: S101  SearchRequest has one of the two
        stored = known_image(collection, picture.id)
        with metrics.search_timer("id"):
            hits = collection.similar(picture.id, k)
        small = (
            collection.thumbnail(picture.id, _PREVIEW_SIDE) if question.options.preview else None
        )
        return _answer(stored.file.path, hits, small)

    def by_bytes(
        collection: Collection, kind: str, name: str, data: bytes, question: Question
    ) -> SearchBody:
        with metrics.search_timer(kind):
            hits = collection.search(data, question.options.k)
        small = thumbnail(data, _PREVIEW_SIDE) if question.options.preview else None
        return _answer(name, hits, small)

    return routes


def _answer(name: str, hits: list[Hit], preview: bytes | None) -> SearchBody:
    return SearchBody(
        query=display_path(name),
        hits=[HitBody.of(hit) for hit in hits],
        preview=None
        if preview is None
        else "data:image/jpeg;base64," + base64.b64encode(preview).decode("ascii"),
    )
