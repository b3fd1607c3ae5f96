"""POST /api/search: pictures in, their neighbours out."""

import base64
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from lookalike.collection import Collection
from lookalike.decode import thumbnail
from lookalike.present.text import display_path, query_name
from lookalike.server.asked import NamedPicture, QueryRequest, SearchRequest
from lookalike.server.metrics import Metrics
from lookalike.server.routes.images import known_image
from lookalike.server.routes.question import BODY_SCHEMA, Question, Sent, read_question
from lookalike.server.routes.uploads import known_upload
from lookalike.server.schemas import ErrorBody, HitBody, SearchBody
from lookalike.server.served import Chosen
from lookalike.source import Media, fetch
from lookalike.thumbnails import read_original
from lookalike.types import Example, Query

_PREVIEW_SIDE = 640

_REFUSALS = {
    400: "the body is not what its type says",
    404: "no picture has this id",
    413: "the picture is too large",
    415: "the body or the picture is of a kind that is not accepted",
    422: "a field is missing or out of range",
    502: "the address gave no picture",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A picture of a query that is at hand: `kind` is how it was given."""

    kind: str
    name: str
    picture: int | bytes

    def preview(self, collection: Collection, at: float | None) -> bytes:
        """A small JPEG, of a film at this moment in seconds."""
        if at is None and isinstance(self.picture, int):
            return collection.thumbnail(self.picture, _PREVIEW_SIDE)
        media: Media
        if isinstance(self.picture, int):
            media = read_original(collection.image_file(self.picture))
        else:
            media = self.picture
        return thumbnail(media, _PREVIEW_SIDE, None if at is None else round(1000 * at))


@dataclass(frozen=True, slots=True)
class Resolved:
    """A query whose pictures are at hand."""

    query: Query
    name: str
    first: Found | None


def router(metrics: Metrics) -> APIRouter:
    """The search route."""
    routes = APIRouter(prefix="/api", tags=["Search"])

    @routes.post(
        "/search",
        summary="Search by picture",
        response_model=SearchBody,
        openapi_extra=BODY_SCHEMA,
        responses={
            status: {"model": ErrorBody, "description": text} for status, text in _REFUSALS.items()
        },
    )
    def search(
        collection: Chosen, question: Annotated[Question, Depends(read_question)]
    ) -> Response:
        """The pictures most similar to those that you send, or name by id, address or upload."""
        request = question.request
        asked = resolve(collection, request, question.sent)
        query = whole_query(asked, request)
        with metrics.search_timer(asked.first.kind if asked.first else "text"):
            hits = collection.search(query, request.k, offset=request.offset)
        answer = SearchBody(
            query=display_path(asked.name),
            hits=[HitBody.of(hit) for hit in hits],
            offset=request.offset,
            total=collection.count(query.where),
        )
        if request.preview and asked.first is not None:
            preview = asked.first.preview(collection, query.positives[0].at)
            small = base64.b64encode(preview).decode("ascii")
            answer.preview = f"data:image/jpeg;base64,{small}"
        # Written here, in a thread, and not once more by the framework in the event loop.
        return Response(answer.model_dump_json(exclude_unset=True), media_type="application/json")

    return routes


def resolve(collection: Collection, request: QueryRequest, sent: Sent | None = None) -> Resolved:
    """Find or fetch the pictures that a query names, with the one that came with the request.

    Raises:
        HTTPException: 404, no picture has an id, or an upload is not kept any more.
        SourceError: an address gave nothing.
    """
    found: list[Found] = []

    def example(named: NamedPicture | Sent, weight: float = 1.0) -> Example:
        at_hand = _find(collection, named)
        found.append(at_hand)
        about = request if isinstance(named, Sent) else named
        return Example(at_hand.picture, weight, about.crop, about.at)

    positives = []
    if sent is not None:
        positives.append(example(sent))
    elif request.names:
        positives.append(example(request))
    positives += [example(each, each.weight) for each in request.positives]
    names = [each.name for each in found]
    negatives = [example(each, each.weight) for each in request.negatives]
    query = Query(
        positives=tuple(positives),
        negatives=tuple(negatives),
        text=request.text,
        text_weight=request.text_weight,
    )
    against = [each.name for each in found[len(names) :]]
    return Resolved(
        query,
        query_name(names, against, request.text),
        found[0] if positives else None,
    )


def whole_query(asked: Resolved, request: SearchRequest) -> Query:
    """The query with what the request says besides its pictures."""
    return replace(
        asked.query,
        where=request.where.where(),
        min_score=request.min_score,
        exclude=request.exclude,
        group=request.group,
        any_orientation=request.any_orientation,
        regions=request.regions,
    )


def _find(collection: Collection, named: NamedPicture | Sent) -> Found:
    if isinstance(named, Sent):
        return Found("file", named.name, named.data)
    if named.url is not None:
        return Found("url", named.url, fetch(named.url, allow_private=False))
    if named.upload is not None:
        upload = known_upload(collection, named.upload)
        return Found("upload", upload.name, upload.data)
    assert named.id is not None  # noqa: S101  the request has one of the three
    return Found("id", known_image(collection, named.id).file.path, named.id)
