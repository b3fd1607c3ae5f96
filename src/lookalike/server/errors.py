"""Errors as every client sees them: a status and `{"error": "one sentence"}`."""

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from lookalike.errors import (
    CollectionBusyError,
    DecodeError,
    LookalikeError,
    QueryError,
    SourceError,
    StoreUnavailableError,
)
from lookalike.present.text import display_path

_log = logging.getLogger(__name__)

_STATUS: dict[type[LookalikeError], int] = {
    SourceError: 502,
    DecodeError: 415,
    QueryError: 422,
    CollectionBusyError: 409,
    StoreUnavailableError: 503,
}
"""Status of each kind of error; what is not listed is the server's own trouble, 500."""

COME_AGAIN = {"Retry-After": "5"}
"""A header that says after how many seconds to ask again where the store cannot be reached."""

_SENTENCES = {
    404: "there is nothing at this address: see /docs for what there is",
    405: "this address does not take that method: see /docs for how to ask",
}


def error_response(
    status: int, sentence: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """The one form that every error has."""
    # A sentence may quote a file name, whose undecodable bytes JSON cannot carry.
    return JSONResponse({"error": display_path(sentence)}, status, headers)


def sentence_of(problems: Sequence[Any]) -> str:
    """The first of pydantic's complaints as a sentence that names the field."""
    first = problems[0]
    where = ".".join(str(part) for part in first["loc"])
    message = str(first["msg"]).removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    return f"{where}: {message}" if where else message


def install(app: FastAPI, headers_of_500: dict[str, str]) -> None:
    """Register the handlers that turn exceptions into error responses.

    Args:
        app: the application.
        headers_of_500: added to the answer to an unforeseen error, which is sent from outside
            all middleware.
    """

    def lookalike_error(_request: Request, error: Exception) -> JSONResponse:
        status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)
        headers = None
        if status == 500:
            _log.error("%s", error, exc_info=error)
        elif status == 503:
            _log.warning("%s", error)
            headers = COME_AGAIN
        sentence = str(error)
        if isinstance(error, DecodeError):  # its message is the reason alone
            sentence = f"this picture cannot be used: {sentence}"
        return error_response(status, sentence, headers)

    def http_error(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101  as registered below
        detail = error.detail
        if error.status_code in _SENTENCES and detail in ("Not Found", "Method Not Allowed"):
            detail = _SENTENCES[error.status_code]
        return error_response(error.status_code, detail, dict(error.headers or {}))

    def invalid(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101  as registered below
        # The first part of a place says which part of the request it is in.
        problems = [{**each, "loc": each["loc"][1:]} for each in error.errors()]
        return error_response(422, sentence_of(problems))

    def gone(_request: Request, _error: Exception) -> JSONResponse:
        return error_response(400, "the request ended before all of it arrived")

    def unforeseen(_request: Request, _error: Exception) -> JSONResponse:
        return error_response(
            500, "something went wrong in the server: its log says what", headers_of_500
        )

    app.add_exception_handler(LookalikeError, lookalike_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(Exception, unforeseen)
