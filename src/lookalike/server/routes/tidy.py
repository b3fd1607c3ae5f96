"""Tidying up duplicates: copies put aside or hard-linked, told first, done when asked, undoable."""

import os
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from lookalike import tidy
from lookalike.collection import Collection
from lookalike.present.text import display_path
from lookalike.server.asked import WhereBody
from lookalike.server.schemas import ErrorBody
from lookalike.server.served import Chosen
from lookalike.types import DuplicateGroup

MOST = 500
"""Steps of one request: each reads its files, and a request has to end."""

_ACTING = threading.Lock()
_Answers: TypeAlias = dict[int | str, dict[str, Any]]
_BUSY: _Answers = {409: {"model": ErrorBody, "description": "copies are being tidied"}}
_Id = Annotated[int, Field(ge=0, le=2**63 - 1)]


class TidyRequest(BaseModel):
    """What to do with all but the best copy of each group."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["move", "link"] = Field(
        description="move: into `folder`, with their paths; link: identical copies become one file"
    )
    kind: Literal["identical", "near"] = "identical"
    folder: str | None = Field(None, max_length=4096, description="where to move, a whole path")
    where: WhereBody = WhereBody()
    best: list[_Id] | None = Field(
        None, max_length=1000, description="only groups with these best copies; all unless told"
    )
    yes: bool = Field(False, description="do it; otherwise it is only told what would be done")


class UndoRequest(BaseModel):
    """What to take back."""

    model_config = ConfigDict(extra="forbid")

    journal: str = Field(max_length=100, description="its name")


class StepBody(BaseModel):
    """One copy: where it was, and where it is, or which file it is one with."""

    action: Literal["move", "link"]
    path: str
    target: str
    reason: str | None = Field(description="why it was left; null where it was done")


class TidiedBody(BaseModel):
    """What was done, or would be."""

    steps: list[StepBody]
    journal: str | None = Field(description="takes it back; null where nothing was done")
    more: int = Field(description="copies beyond these, for the next request")

    @classmethod
    def of(cls, done: Iterable[tidy.Done], journal: str | None, more: int = 0) -> "TidiedBody":
        """The steps, with their paths made safe to show."""
        return cls(
            steps=[
                StepBody(
                    action=each.step.action,
                    path=display_path(each.step.path),
                    target=display_path(each.step.target),
                    reason=None if each.reason is None else display_path(each.reason),
                )
                for each in done
            ],
            journal=journal,
            more=more,
        )


class JournalBody(BaseModel):
    """A run that tidied."""

    name: str
    written: datetime
    steps: int


class JournalsBody(BaseModel):
    """The runs that tidied, the latest first."""

    journals: list[JournalBody]


def router() -> APIRouter:
    """The routes of tidying."""
    routes = APIRouter(prefix="/api/duplicates", tags=["Duplicates"])

    @routes.post(
        "/tidy",
        summary="Tidy up copies",
        responses={
            **_BUSY,
            422: {"model": ErrorBody, "description": "there is no such folder to move to"},
        },
    )
    def tidy_up(collection: Chosen, wanted: TidyRequest) -> TidiedBody:
        """Tells what would be done with all but the best copies; with `yes`, does it.

        Nothing is deleted or overwritten. Index afterwards, so that the collection knows.
        """
        steps = _steps(collection, wanted)
        these, more = steps[:MOST], len(steps[MOST:])
        if not wanted.yes:
            return TidiedBody.of(map(tidy.Done, these), None, more)
        if not these:
            return TidiedBody.of((), None)
        journal = tidy.new_journal(collection.home)
        with _Turn():
            return TidiedBody.of(tidy.act(these, journal), os.path.basename(journal), more)

    @routes.get("/tidied", summary="What was tidied")
    def tidied(collection: Chosen) -> JournalsBody:
        """Runs that tidied, each of which can be taken back."""
        return JournalsBody(
            journals=[
                JournalBody(name=each.name, written=each.written, steps=each.steps)
                for each in tidy.journals(collection.home)
            ]
        )

    @routes.post(
        "/undo",
        summary="Take it back",
        responses={**_BUSY, 404: {"model": ErrorBody, "description": "there is no such run"}},
    )
    def undo(collection: Chosen, wanted: UndoRequest) -> TidiedBody:
        """Takes back what a run did, the last step first."""
        known = {each.name: each.path for each in tidy.journals(collection.home)}
        if wanted.journal not in known:
            raise HTTPException(404, f"nothing was tidied under the name {wanted.journal}")
        with _Turn():
            return TidiedBody.of(tidy.undo(known[wanted.journal]), wanted.journal)

    return routes


class _Turn:
    """One run at a time."""

    def __enter__(self) -> None:
        if not _ACTING.acquire(blocking=False):
            raise HTTPException(409, "copies are being tidied at this moment: wait for it to end")

    def __exit__(self, *_: object) -> None:
        _ACTING.release()


def _steps(collection: Collection, wanted: TidyRequest) -> Sequence[tidy.Step]:
    groups: list[DuplicateGroup] = [
        group
        for group in collection.duplicates(wanted.where.where())
        if group.kind == wanted.kind and (wanted.best is None or group.images[0].id in wanted.best)
    ]
    # What was tidied before and not indexed since is no copy any more.
    if wanted.action == "link":
        steps = tidy.links(groups)
    else:
        folder = wanted.folder or ""
        if not os.path.isabs(folder) or "\0" in folder or not os.path.isdir(folder):
            raise HTTPException(422, "give the whole path of a folder to move the copies to")
        steps = tidy.moves(groups, folder)
    return [step for step in steps if _is_due(step)]


def _is_due(step: tidy.Step) -> bool:
    try:
        return not os.path.samefile(step.path, step.best)
    except OSError:
        return os.path.lexists(step.path)
