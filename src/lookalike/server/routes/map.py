"""GET /api/map: where the pictures lie, and sheets to draw them with."""

from typing import Annotated

import msgspec
import numpy as np
from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from lookalike.atlas import COLUMNS, ROWS, SIDE, Atlas, Places
from lookalike.errors import QueryError
from lookalike.server.conditional import has_it
from lookalike.server.media import IMAGE_POLICY
from lookalike.server.schemas import ErrorBody
from lookalike.server.served import ChosenMember


class CellsBody(BaseModel):
    """How sheets are laid out: row by row, in the order of the ids."""

    side: int = Field(description="pixels of a cell, which is square")
    columns: int
    rows: int
    sheets: int


class MapBody(BaseModel):
    """The map. `ids`, `x` and `y` are of equal length; neighbours on it are alike."""

    version: str = Field(description="names the map, for its sheets")
    current: bool = Field(description="whether it is of the collection as it is now")
    ids: list[int]
    x: list[float] = Field(description="0..1, left to right")
    y: list[float] = Field(description="0..1, top to bottom")
    cells: CellsBody


class MakingBody(BaseModel):
    """It is being made: ask again after the seconds of the header Retry-After."""

    making: bool = True


_MAKING = {"model": MakingBody, "description": "it is being made: ask again soon"}
_AGAIN = {"Retry-After": "1", "Cache-Control": "no-store"}


def router() -> APIRouter:
    """The routes of the map."""
    routes = APIRouter(prefix="/api/map", tags=["Map"])

    @routes.get(
        "", summary="The map of all pictures", response_model=MapBody, responses={202: _MAKING}
    )
    def places(member: ChosenMember, request: Request) -> Response:
        """Where each picture lies on a map on which neighbours are alike.

        The first 1024 ids are spread over the whole map; after them, neighbours on the map are
        near each other in the list, so that a part of the map needs few sheets.
        """
        found = member.atlas.places()
        if found is None:
            return JSONResponse(MakingBody().model_dump(), 202, _AGAIN)
        current = member.atlas.is_current(found)
        headers = {"Cache-Control": "no-cache", "ETag": f'"{found.version}-{int(current)}"'}
        if has_it(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(_json(found, current), media_type="application/json", headers=headers)

    @routes.get(
        "/sheets/{number}",
        summary="Small pictures for the map",
        response_class=Response,
        responses={
            200: {"description": "a JPEG", "content": {"image/jpeg": {}}},
            202: _MAKING,
            404: {"model": ErrorBody, "description": "the map has no such sheet"},
        },
    )
    def sheet(
        member: ChosenMember,
        number: Annotated[int, Path(ge=0, lt=2**31)],
        version: Annotated[
            str | None, Query(max_length=200, description="of the map that it is for")
        ] = None,
    ) -> Response:
        """The pictures of the ids from 1024 x number on, in the map's fixed cells."""
        try:
            latest, data = member.atlas.sheet(number)
        except QueryError as error:
            raise HTTPException(404, str(error)) from error
        if version not in (None, latest):
            raise HTTPException(404, "there is a newer map: ask for it")
        if data is None:
            return JSONResponse(MakingBody().model_dump(), 202, _AGAIN)
        lasts = "max-age=31536000, immutable" if version else "no-cache"
        return Response(
            data,
            media_type="image/jpeg",
            headers={
                "Content-Security-Policy": IMAGE_POLICY,
                "Cache-Control": f"private, {lasts}",
                "ETag": f'"{latest}-{number}"',
            },
        )

    return routes


def _json(places: Places, current: bool) -> bytes:
    # By msgspec, in one go: a million pictures through pydantic take many seconds.
    x, y = np.round(places.xy.T.astype(np.float64), 5)
    cells = CellsBody(side=SIDE, columns=COLUMNS, rows=ROWS, sheets=Atlas.sheets_of(places))
    return msgspec.json.encode(
        {
            "version": places.version,
            "current": current,
            "ids": places.ids.tolist(),
            "x": x.tolist(),
            "y": y.tolist(),
            "cells": cells.model_dump(),
        }
    )
