"""Reads the body of a search: a picture in a form, or JSON that names one."""

from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException, Request
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from lookalike.server.errors import sentence_of
from lookalike.server.guard import MAX_UPLOAD_BYTES
from lookalike.server.schemas import SearchOptions, SearchRequest

_HOW = "send a picture as multipart form data in the field file, or JSON with url or id"


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture that came with the request, under the name that its sender gave it."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """A search as it was asked: `picture` is what to search by, `options` how."""

    picture: Upload | SearchRequest
    options: SearchOptions


async def read_question(request: Request) -> Question:
    """Read and check the body of a search; nothing in it is decoded yet.

    Raises:
        HTTPException: 400, 413, 415 or 422, with a sentence.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            return await _read_form(request)
        if kind == "application/json":
            named = SearchRequest.model_validate_json(await request.body())
            return Question(named, named)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        status = 400 if problems[0]["type"] == "json_invalid" else 422
        raise HTTPException(status, sentence_of(problems)) from error
    raise HTTPException(415, _HOW)


async def _read_form(request: Request) -> Question:
    async with request.form(max_files=1, max_fields=8, max_part_size=1024) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise HTTPException(422, _HOW)
        if file.size is not None and file.size > MAX_UPLOAD_BYTES:
            raise HTTPException(413, f"the picture is over {MAX_UPLOAD_BYTES // 2**20} MiB")
        fields: dict[str, Any] = {name: value for name, value in form.items() if name != "file"}
        options = SearchOptions.model_validate(fields)
        return Question(Upload(file.filename or "picture", await file.read()), options)


BODY_SCHEMA = {
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
                        },
                        **SearchOptions.model_json_schema()["properties"],
                    },
                }
            },
            "application/json": {"schema": SearchRequest.model_json_schema()},
        },
    }
}
"""The two forms of the body, as OpenAPI shows them."""
