"""Start, watch and stop the indexing of folders; choose a folder."""

import os
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from lookalike.errors import CollectionBusyError, SourceError
from lookalike.present.text import display_path
from lookalike.server.events import stream
from lookalike.server.jobs import IndexBody, IndexRequest, JobBody, WatchBody
from lookalike.server.schemas import ErrorBody
from lookalike.server.served import ChosenMember, Member
from lookalike.source import list_folders

_EVENTS = {
    "description": (
        "server-sent events, for as long as you listen: `progress` and `done` with a job, "
        "`skipped` with `files`"
    ),
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


class FolderRequest(BaseModel):
    """A folder to look into."""

    model_config = ConfigDict(extra="forbid")

    path: str | None = Field(None, max_length=4096, description="a whole path; null is your home")


class FolderBody(BaseModel):
    """A folder to choose."""

    name: str = Field(description="as it can be shown")
    path: str = Field(description="as it is, to be sent back")


class FoldersBody(BaseModel):
    """The folders in a folder."""

    path: str
    parent: str | None = Field(description="null at the top")
    folders: list[FolderBody]


def router() -> APIRouter:
    """The routes of indexing."""
    routes = APIRouter(prefix="/api", tags=["Indexing"])

    @routes.post(
        "/index",
        summary="Start indexing",
        status_code=202,
        responses={
            409: {"model": ErrorBody, "description": "the collection is being indexed"},
            422: {"model": ErrorBody, "description": "there is no such folder"},
        },
    )
    def start(member: ChosenMember, wanted: IndexRequest) -> IndexBody:
        """Brings the collection up to date with folders, in the background; searches go on."""
        for folder in wanted.folders:
            _check_folder(folder)
        try:
            member.indexing.start(wanted.folders, wanted.rules())
        except CollectionBusyError as error:
            raise HTTPException(409, str(error)) from error
        except SourceError as error:
            raise HTTPException(422, str(error)) from error
        return _state(member)

    @routes.get("/index", summary="How the indexing goes")
    def now(member: ChosenMember) -> IndexBody:
        """The latest job of this server, whether it runs or has ended."""
        return _state(member)

    @routes.delete("/index", summary="Stop indexing")
    def stop(member: ChosenMember) -> IndexBody:
        """Asks the job to end soon. What it has encoded is kept, and the next one goes on there."""
        member.indexing.stop()
        return _state(member)

    @routes.get(
        "/index/events",
        summary="Follow the indexing",
        response_class=StreamingResponse,
        responses={200: _EVENTS},
    )
    async def events(
        member: ChosenMember,
        last_event_id: Annotated[str, Header(max_length=64, description="where to go on")] = "",
    ) -> StreamingResponse:
        """The latest job's progress, and then that of the next one."""
        return StreamingResponse(
            stream(member, last_event_id),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    @routes.post(
        "/folders",
        summary="Look into a folder",
        responses={404: {"model": ErrorBody, "description": "it cannot be looked into"}},
    )
    def folders(wanted: FolderRequest) -> FoldersBody:
        """The folders in a folder of this machine, to choose one to index."""
        try:
            listing = list_folders(wanted.path)
        except SourceError as error:
            raise HTTPException(404, str(error)) from error
        return FoldersBody(
            path=listing.path,
            parent=listing.parent,
            folders=[
                FolderBody(name=display_path(os.path.basename(path)), path=path)
                for path in listing.folders
            ],
        )

    return routes


def _state(member: Member) -> IndexBody:
    job, watch = member.indexing.job, member.watch
    return IndexBody(
        job=None if job is None else JobBody.of(job.status()),
        watch=None if watch is None else WatchBody.of(watch.status()),
    )


def _check_folder(folder: str) -> None:
    if not os.path.isabs(folder) or "\0" in folder or not os.path.isdir(folder):
        raise HTTPException(422, f"{folder} is no folder: give the whole path of one")
