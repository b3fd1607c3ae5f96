"""GET /api/export: the collection's pictures as a file."""

import os
import tempfile
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from lookalike.errors import ExportError
from lookalike.server.asked import asked_where
from lookalike.server.schemas import ErrorBody
from lookalike.server.served import Chosen
from lookalike.types import Where

_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "npz": "application/octet-stream",
}


def router() -> APIRouter:
    """The route of exports."""
    routes = APIRouter(prefix="/api", tags=["Pictures"])

    @routes.get(
        "/export",
        summary="Download what is known of the pictures",
        response_class=FileResponse,
        responses={
            200: {"description": "a file", "content": {kind: {} for kind in _KINDS.values()}},
            422: {"model": ErrorBody, "description": "the format cannot be written here"},
        },
    )
    def export(
        collection: Chosen,
        where: Annotated[Where | None, Depends(asked_where)],
        kind: Annotated[Literal["csv", "jsonl", "parquet", "npz"], Query(alias="format")] = "csv",
        embeddings: Annotated[bool, Query(description="with them; npz always has them")] = False,
    ) -> FileResponse:
        """One row a picture, with its path, size, dates, camera and labels."""
        scratch, file = tempfile.mkstemp(suffix=f".{kind}")
        os.close(scratch)
        try:
            collection.export(file, where, embeddings=embeddings)
        except ExportError as error:
            os.unlink(file)
            raise HTTPException(422, str(error)) from error
        except BaseException:
            os.unlink(file)
            raise
        return FileResponse(
            file,
            media_type=_KINDS[kind],
            filename=f"pictures.{kind}",
            background=BackgroundTask(os.unlink, file),
        )

    return routes
