"""Reads the body of a search: a picture in a form, or JSON that names pictures."""

import json
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException, Request
from pydantic import ValidationError, model_validator
from starlette.datastructures import UploadFile

from lookalike.server.asked import SearchRequest
from lookalike.server.errors import sentence_of
from lookalike.server.guard import MAX_UPLOAD_BYTES
from lookalike.server.policy import refuse_addresses

_HOW = (
    "send a picture as multipart form data in the field file, or JSON that names one by id, url or "
    "upload"
)
_STRUCTURED = frozenset({"crop", "positives", "negatives", "where"})


class _FormRequest(SearchRequest):
    """The fields beside a file, which is the picture."""

    @model_validator(mode="after")
    def _something_to_look_for(self) -> "_FormRequest":
        if self.names:
            raise ValueError("the file is the picture: name further ones in positives")
        return self


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture that came with the request, under the name that its sender gave it."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """A search as it was asked; `sent` is the picture that came with it, if one did."""

    request: SearchRequest
    sent: Sent | None = None


async def read_question(request: Request) -> Question:
    """Read and check the body of a search; nothing in it is decoded yet.

    Raises:
        HTTPException: 400, 403, 413, 415 or 422, with a sentence.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            return _allowed(request, await _read_form(request))
        if kind == "application/json":
            named = SearchRequest.model_validate_json(await request.body())
            return _allowed(request, Question(named))
    except ValidationError as error:
        problems = error.errors(include_url=False)
        status = 400 if problems[0]["type"] == "json_invalid" else 422
        raise HTTPException(status, sentence_of(problems)) from error
    raise HTTPException(415, _HOW)


def _allowed(request: Request, question: Question) -> Question:
    refuse_addresses(request, question.request.urls)
    return question


async def _read_form(request: Request) -> Question:
    async with request.form(max_files=1, max_fields=24, max_part_size=65_536) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise HTTPException(422, _HOW)
        if file.size is not None and file.size > MAX_UPLOAD_BYTES:
            raise HTTPException(413, f"the picture is over {MAX_UPLOAD_BYTES // 2**20} MiB")
        fields = {name: _value(name, value) for name, value in form.items() if name != "file"}
        asked = _FormRequest.model_validate(fields)
        return Question(asked, Sent(file.filename or "picture", await file.read()))


def _value(name: str, value: Any) -> Any:  # noqa: ANN401  whatever JSON holds
    """A field of a form; structured ones come as JSON text."""
    if name not in _STRUCTURED or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise HTTPException(422, f"{name}: it is not JSON") from error


def _self_contained(part: Any, definitions: dict[str, Any]) -> Any:  # noqa: ANN401  JSON
    """A JSON schema with what it refers to put in its place."""
    if isinstance(part, list):
        return [_self_contained(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        part = {**definitions[part["$ref"].rpartition("/")[2]], **part}
    return {
        name: _self_contained(value, definitions)
        for name, value in part.items()
        if name not in ("$ref", "$defs")
    }


_PLAIN = SearchRequest.model_json_schema()
_SCHEMA = _self_contained(_PLAIN, _PLAIN["$defs"])

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
                        **{
                            name: {"type": "string", "contentMediaType": "application/json"}
                            if name in _STRUCTURED
                            else schema
                            for name, schema in _SCHEMA["properties"].items()
                            if name not in ("id", "url", "upload")
                        },
                    },
                }
            },
            "application/json": {"schema": _SCHEMA},
        },
    }
}
"""The two forms of the body, as OpenAPI shows them."""
