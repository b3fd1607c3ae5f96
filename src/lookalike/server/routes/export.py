"""What the collection holds, a search has found, or is there twice, as a file to download."""

import os
import tempfile
from collections.abc import Callable
from typing import Annotated, Literal, TypeAlias

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.background import BackgroundTask

from lookalike.errors import ExportError
from lookalike.server.asked import SearchRequest, asked_where
from lookalike.server.policy import refuse_addresses
from lookalike.server.routes.search import resolve, whole_query
from lookalike.server.schemas import ErrorBody
from lookalike.server.served import Chosen
from lookalike.tables import group_table, hit_table, write_table
from lookalike.types import DuplicateKind, Where

_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "npz": "application/octet-stream",
}
_Table: TypeAlias = Literal["csv", "jsonl", "parquet"]
_RESPONSES: dict[int | str, dict[str, object]] = {
    200: {"description": "a file", "content": {kind: {} for kind in _KINDS.values()}},
    422: {"model": ErrorBody, "description": "the format cannot be written here"},
}


class HitsRequest(SearchRequest):
    """A search whose hits are wanted as a file: `k` of them, or all that score enough."""

    format: _Table = "csv"
    all: bool = Field(False, description="all that score at least `min_score`, however many")


def router() -> APIRouter:
    """The routes of exports."""
    routes = APIRouter(prefix="/api", tags=["Pictures"])

    @routes.get(
        "/export",
        summary="Download what is known of the pictures",
        response_class=FileResponse,
        responses=_RESPONSES,
    )
    def export(
        collection: Chosen,
        where: Annotated[Where | None, Depends(asked_where)],
        kind: Annotated[Literal["csv", "jsonl", "parquet", "npz"], Query(alias="format")] = "csv",
        embeddings: Annotated[bool, Query(description="with them; npz always has them")] = False,
    ) -> FileResponse:
        """One row a picture, with its path, size, dates, camera and labels."""
        return _written(
            "pictures", kind, lambda file: collection.export(file, where, embeddings=embeddings)
        )

    @routes.post(
        "/export",
        summary="Download the hits of a search",
        response_class=FileResponse,
        responses=_RESPONSES,
    )
    def hits(collection: Chosen, request: HitsRequest, raw: Request) -> FileResponse:
        """One row a hit, nearest first, with its score."""
        refuse_addresses(raw, request.urls)
        query = whole_query(resolve(collection, request), request)
        if request.all:
            found = collection.search_all(query)
        else:
            found = collection.search(query, request.k, offset=request.offset)
        return _written("hits", request.format, lambda file: write_table(file, hit_table(found)))

    @routes.get(
        "/export/duplicates",
        summary="Download groups of duplicates",
        response_class=FileResponse,
        responses=_RESPONSES,
    )
    def groups(
        collection: Chosen,
        where: Annotated[Where | None, Depends(asked_where)],
        kind: Annotated[DuplicateKind | None, Query(description="all kinds unless told")] = None,
        table: Annotated[_Table, Query(alias="format")] = "csv",
    ) -> FileResponse:
        """One row a picture, the best copy of each group first."""
        found = [group for group in collection.duplicates(where) if kind in (None, group.kind)]
        return _written("duplicates", table, lambda file: write_table(file, group_table(found)))

    return routes


def _written(name: str, kind: str, write: Callable[[str], int]) -> FileResponse:
    """A file that is deleted once it has been sent.

    Raises:
        HTTPException: 422, it cannot be written as asked.
    """
    scratch, file = tempfile.mkstemp(suffix=f".{kind}")
    os.close(scratch)
    try:
        write(file)
    except ExportError as error:
        os.unlink(file)
        raise HTTPException(422, str(error)) from error
    except BaseException:
        os.unlink(file)
        raise
    return FileResponse(
        file,
        media_type=_KINDS[kind],
        filename=f"{name}.{kind}",
        background=BackgroundTask(os.unlink, file),
    )
