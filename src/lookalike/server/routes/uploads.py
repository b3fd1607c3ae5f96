"""Pictures that are sent once and then named: POST /api/uploads."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile

from lookalike import decode
from lookalike.collection import Collection
from lookalike.errors import SourceError
from lookalike.present.text import display_path
from lookalike.server.asked import Moment, Token
from lookalike.server.errors import sentence_of
from lookalike.server.guard import MAX_UPLOAD_BYTES
from lookalike.server.media import IMAGE_POLICY
from lookalike.server.policy import refuse_addresses
from lookalike.server.routes.images import Side
from lookalike.server.schemas import ErrorBody, HttpAddress
from lookalike.server.served import Chosen
from lookalike.source import Upload, fetch

_HOW = "send a picture as multipart form data in the field file, or JSON with url"

_REFUSALS = {
    400: "the body is not what its type says",
    413: "the picture is too large",
    415: "the body or the picture is of a kind that is not accepted",
    422: "a field is missing or out of range",
    502: "the address gave no picture",
}


class AddressBody(BaseModel):
    """A picture by its address."""

    model_config = ConfigDict(extra="forbid")

    url: HttpAddress


class UploadBody(BaseModel):
    """A picture that is kept for a while."""

    upload: str = Field(description="its token, the same for the same content")
    name: str
    width: int
    height: int


Sent = tuple[str, bytes] | AddressBody


async def read_sent(request: Request) -> Sent:
    """The body: a picture with its name, or the address of one, which is not fetched yet.

    Raises:
        HTTPException: 400, 413, 415 or 422, with a sentence.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        try:
            named = AddressBody.model_validate_json(await request.body())
        except ValidationError as error:
            problems = error.errors(include_url=False)
            status = 400 if problems[0]["type"] == "json_invalid" else 422
            raise HTTPException(status, sentence_of(problems)) from error
        refuse_addresses(request, [named.url])
        return named
    if kind != "multipart/form-data":
        raise HTTPException(415, _HOW)
    async with request.form(max_files=1, max_fields=1, max_part_size=1024) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or len(form) > 1:
            raise HTTPException(422, _HOW)
        if file.size is not None and file.size > MAX_UPLOAD_BYTES:
            raise HTTPException(413, f"the picture is over {MAX_UPLOAD_BYTES // 2**20} MiB")
        return file.filename or "picture", await file.read()


def known_upload(collection: Collection, token: str) -> Upload:
    """The picture that was sent under this token.

    Raises:
        HTTPException: 404, it is not kept any more.
    """
    try:
        return collection.uploads.get(token)
    except SourceError as error:
        raise HTTPException(404, str(error)) from error


def router() -> APIRouter:
    """The routes of pictures that were sent."""
    routes = APIRouter(prefix="/api/uploads", tags=["Search"])

    @routes.post(
        "",
        summary="Send a picture to search by",
        openapi_extra=_BODY_SCHEMA,
        responses={
            status: {"model": ErrorBody, "description": text} for status, text in _REFUSALS.items()
        },
    )
    def upload(collection: Chosen, sent: Annotated[Sent, Depends(read_sent)]) -> UploadBody:
        """Keeps a picture, so that searches can name it: the last half gigabyte of them is kept."""
        if isinstance(sent, AddressBody):
            name, data = sent.url, fetch(sent.url, allow_private=False)
        else:
            name, data = sent
        picture = decode.decode(data, at_least=Side.SMALL)
        kept = collection.uploads.keep(name, data)
        return UploadBody(
            upload=kept.token,
            name=display_path(name),
            width=picture.width,
            height=picture.height,
        )

    @routes.get(
        "/{upload}/preview",
        summary="A small copy of a picture that was sent",
        response_class=Response,
        responses={
            200: {"description": "a JPEG", "content": {"image/jpeg": {}}},
            404: {"model": ErrorBody, "description": "it is not kept any more"},
        },
    )
    def preview(
        collection: Chosen,
        token: Annotated[Token, Path(alias="upload")],
        side: Annotated[Side, Query(description="longest side in pixels, at most")] = Side.LARGE,
        at: Annotated[Moment | None, Query()] = None,
    ) -> Response:
        """The picture as an upright JPEG. The address names its content, so it never changes."""
        data = known_upload(collection, token).data
        return Response(
            decode.thumbnail(data, int(side), None if at is None else round(1000 * at)),
            media_type="image/jpeg",
            headers={
                "Content-Security-Policy": IMAGE_POLICY,
                "Cache-Control": "private, max-age=31536000, immutable",
                "ETag": f'"{token}-{at or 0}-{int(side)}"',
            },
        )

    return routes


_BODY_SCHEMA: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": f"a picture of up to {MAX_UPLOAD_BYTES // 2**20} MiB",
                        }
                    },
                }
            },
            "application/json": {"schema": AddressBody.model_json_schema()},
        },
    }
}
"""The two forms of the body, as OpenAPI shows them."""
