"""GET /api/images: the collection's pictures, by id only."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from random import Random
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from fastapi.responses import FileResponse

from lookalike import decode
from lookalike.collection import Collection
from lookalike.errors import DecodeError, QueryError, SourceError
from lookalike.server.asked import Moment, asked_where
from lookalike.server.conditional import has_it
from lookalike.server.media import IMAGE_POLICY, disposition, media_type
from lookalike.server.schemas import DetailsBody, ErrorBody, ImageBody, ImageId, ImagesBody
from lookalike.server.served import Chosen
from lookalike.source import HEAD_BYTES, regular_file
from lookalike.store.base import StoredFile
from lookalike.thumbnails import read_original
from lookalike.types import Where

_NOT_THERE = {"model": ErrorBody, "description": "no picture has this id, or its file is gone"}
_PICTURE = {"description": "the picture", "content": {"image/*": {}}}


class Side(IntEnum):
    """The sizes of thumbnails: few, so that nobody can fill the disk with others."""

    TINY = 160
    SMALL = 320
    LARGE = 640
    HUGE = 1280


_Id = Annotated[ImageId, Path()]


def known_image(collection: Collection, image_id: int) -> StoredFile:
    """The picture with this id.

    Raises:
        HTTPException: 404, no picture has it.
    """
    try:
        return collection.image_file(image_id)
    except QueryError as error:
        raise HTTPException(404, str(error)) from error


def router() -> APIRouter:
    """The routes of pictures."""
    routes = APIRouter(prefix="/api/images", tags=["Pictures"])

    @routes.get("", summary="List pictures")
    def images(
        collection: Chosen,
        where: Annotated[Where | None, Depends(asked_where)],
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
        offset: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
        seed: Annotated[
            int | None,
            Query(
                ge=0, lt=2**31, description="draw pictures at random instead; offset is not used"
            ),
        ] = None,
    ) -> ImagesBody:
        """The pictures by rising id, or some drawn at random: the same ones for the same seed."""
        total = collection.count(where)
        if seed is None:
            chosen = collection.browse(offset, limit, where)
        else:
            places = Random(seed).sample(range(total), min(limit, total))  # noqa: S311  for show
            chosen = [stored for place in places for stored in collection.browse(place, 1, where)]
        return ImagesBody(images=[ImageBody.of(stored) for stored in chosen], total=total)

    @routes.get(
        "/{id}",
        summary="A picture",
        response_class=Response,
        responses={200: _PICTURE, 404: _NOT_THERE},
    )
    def image(
        collection: Chosen, image_id: Annotated[_Id, Path(alias="id")], request: Request
    ) -> Response:
        """The file's own bytes, as they are on disk; of a film, also a range of them."""
        stored = known_image(collection, image_id)
        with _gone_is_404():
            data = read_original(stored)
        if not isinstance(data, bytes):
            return _film(stored, data.path, request)
        kind = media_type(data)
        if kind is None:
            raise HTTPException(404, f"the file of picture {image_id} is no picture any more")
        headers = {
            "Content-Disposition": disposition(image_id, stored.file.path, kind),
            "Content-Security-Policy": IMAGE_POLICY,
            # The file may change under the same id until it is indexed again.
            "Cache-Control": "private, no-cache",
            "ETag": f'"{hashlib.blake2b(data, digest_size=16).hexdigest()}"',
        }
        if has_it(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(data, media_type=kind, headers=headers)

    @routes.get(
        "/{id}/details",
        summary="What is known of a picture",
        responses={404: {"model": ErrorBody, "description": "no picture has this id"}},
    )
    def details(collection: Chosen, image_id: Annotated[_Id, Path(alias="id")]) -> DetailsBody:
        """Its file, as it was when it was indexed, and its labels."""
        stored = known_image(collection, image_id)
        return DetailsBody.of(stored, collection.labels([image_id]).get(image_id, []))

    @routes.get(
        "/{id}/thumbnail",
        summary="A small copy",
        response_class=Response,
        responses={200: {"description": "a JPEG", "content": {"image/jpeg": {}}}, 404: _NOT_THERE},
    )
    def thumbnail(
        collection: Chosen,
        image_id: Annotated[_Id, Path(alias="id")],
        request: Request,
        side: Annotated[Side, Query(description="longest side in pixels, at most")] = Side.SMALL,
        at: Annotated[Moment | None, Query()] = None,
        digest: Annotated[
            str | None,
            Query(
                pattern="^[0-9a-f]{32}$",
                description="of the picture: then the answer can be kept for good",
            ),
        ] = None,
    ) -> Response:
        """The picture as an upright JPEG, made once and kept; another moment of a film is not."""
        stored = known_image(collection, image_id)
        if at is not None:
            with _gone_is_404():
                data = decode.thumbnail(read_original(stored), int(side), round(1000 * at))
            return Response(
                data,
                media_type="image/jpeg",
                headers={
                    "Content-Security-Policy": IMAGE_POLICY,
                    "Cache-Control": "private, max-age=3600",
                },
            )
        known = stored.file.digest.hex()
        content = stored.file.content
        # Under an address without its digest, a file that is changed and indexed again keeps its
        # id. One that is changed and not yet indexed again is shown, and not kept.
        lasts = "max-age=31536000, immutable" if digest == known else "no-cache"
        headers = {
            "Content-Security-Policy": IMAGE_POLICY,
            "Cache-Control": f"private, {lasts}",
            "ETag": f'"{content}-{int(side)}"',
        }
        if has_it(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        with _gone_is_404():
            small = collection.thumbnails.of(stored, int(side))
        if not small.current:
            headers["Cache-Control"] = "private, no-store"
            del headers["ETag"]
        return Response(small.data, media_type="image/jpeg", headers=headers)

    return routes


def _film(stored: StoredFile, path: str, request: Request) -> Response:
    """A film, of which browsers ask for parts."""
    with _gone_is_404(), regular_file(path) as (file, status):
        kind = media_type(file.read(HEAD_BYTES))
    if kind is None:
        raise HTTPException(404, f"the file of picture {stored.id} is no film any more")
    headers = {
        "Content-Disposition": disposition(stored.id, stored.file.path, kind),
        "Content-Security-Policy": IMAGE_POLICY,
        "Cache-Control": "private, no-cache",
        "ETag": f'"{status.st_mtime_ns:x}-{status.st_size:x}"',
    }
    if has_it(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type=kind, headers=headers, stat_result=status)


@contextmanager
def _gone_is_404() -> Iterator[None]:
    """The file behind an id is part of its address here: without it there is nothing to show."""
    try:
        yield
    except SourceError as error:
        raise HTTPException(404, str(error)) from error
    except DecodeError as error:
        raise HTTPException(404, f"the picture cannot be shown: {error}") from error
