"""Indexing as JSON: what is asked for, and how a job is."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lookalike.jobs import JobState, JobStatus, WatchStatus
from lookalike.present.text import display_path
from lookalike.server.schemas import SkippedBody
from lookalike.types import IndexSummary, Links, Rules, Skipped

_Path = Annotated[str, Field(min_length=1, max_length=4096)]


class IndexRequest(BaseModel):
    """What to index."""

    model_config = ConfigDict(extra="forbid")

    folders: list[_Path] = Field(
        [], max_length=100, description="whole paths; none means all that were indexed before"
    )
    include: list[_Path] = Field(
        [], max_length=100, description="only files that match one of these; gitignore's syntax"
    )
    exclude: list[_Path] = Field(
        [], max_length=100, description="files and folders that are left out; gitignore's syntax"
    )
    links: Links = Field("files", description="which symbolic links are followed")
    hidden: bool = Field(False, description="whether names that begin with a dot count")
    min_bytes: int = Field(0, ge=0, le=2**40, description="the least size of a file")
    keywords: bool = Field(True, description="whether keywords of the files become labels")

    def rules(self) -> Rules | None:
        """The rules for these folders; None, where none is given, goes by those of before."""
        if self.model_fields_set <= {"folders"}:
            return None
        return Rules(
            include=tuple(self.include),
            exclude=tuple(self.exclude),
            links=self.links,
            hidden=self.hidden,
            min_bytes=self.min_bytes,
            keywords=self.keywords,
        )


class SummaryBody(BaseModel):
    """What a job did; `skipped` counts also files that an earlier one skipped."""

    added: int
    updated: int
    unchanged: int
    removed: int
    skipped: int
    warnings: list[str]
    seconds: float

    @classmethod
    def of(cls, summary: IndexSummary) -> "SummaryBody":
        """The summary; the skipped files are in the status of the collection."""
        return cls(
            added=summary.added,
            updated=summary.updated,
            unchanged=summary.unchanged,
            removed=summary.removed,
            skipped=len(summary.skipped),
            warnings=[display_path(warning) for warning in summary.warnings],
            seconds=summary.seconds,
        )


class JobBody(BaseModel):
    """A job at one moment."""

    id: str
    state: JobState = Field(description="done, stopped and failed are ends")
    folders: list[str]
    exclude: list[str]
    started: datetime
    seconds: float = Field(description="how long it has run")
    done: int = Field(description="files dealt with so far")
    total: int = Field(description="files found so far")
    total_final: bool = Field(description="whether all files have been found")
    encoded: int = Field(description="pictures run through the encoder so far")
    skipped: int = Field(description="files that cannot be used, so far")
    rate: float | None = Field(description="files a second, lately")
    seconds_left: float | None
    waiting: str | None = Field(
        description="what it waits for, such as a store's server that is away, in a sentence; null "
        "where it goes on"
    )
    summary: SummaryBody | None = Field(description="what it did, once it is done")
    error: str | None = Field(description="why it failed")

    @classmethod
    def of(cls, status: JobStatus) -> "JobBody":
        """The job, with its paths made safe to show."""
        progress, summary = status.progress, status.summary
        return cls(
            id=status.id,
            state=status.state,
            folders=[display_path(folder) for folder in status.folders],
            exclude=list(status.rules.exclude if status.rules else ()),
            started=status.started,
            seconds=round(status.seconds, 3),
            done=progress.done if progress else 0,
            total=progress.total if progress else 0,
            total_final=progress.total_final if progress else False,
            encoded=progress.encoded if progress else 0,
            skipped=progress.skipped if progress else 0,
            rate=status.rate,
            seconds_left=status.seconds_left,
            waiting=None if status.waiting is None else display_path(status.waiting),
            summary=None if summary is None else SummaryBody.of(summary),
            error=None if status.error is None else display_path(status.error),
        )


class WatchBody(BaseModel):
    """How the folders of a collection are watched."""

    watching: bool = Field(description="whether changes are noted; before, all is compared")
    changed: datetime | None = Field(description="when something was changed last")
    summary: SummaryBody | None = Field(description="what that was")
    waiting: str | None = Field(description="what it waits for, in a sentence")
    error: str | None = Field(description="why it does not go on for now")

    @classmethod
    def of(cls, status: WatchStatus) -> "WatchBody":
        """The watch, with what it says made safe to show."""
        return cls(
            watching=status.watching,
            changed=status.changed,
            summary=None if status.summary is None else SummaryBody.of(status.summary),
            waiting=None if status.waiting is None else display_path(status.waiting),
            error=None if status.error is None else display_path(status.error),
        )


class IndexBody(BaseModel):
    """The latest job since the server was started, and how folders are watched; each may be null.

    Folders are watched where the server was started with --watch.
    """

    job: JobBody | None
    watch: WatchBody | None


class SkippedFilesBody(BaseModel):
    """Files that a job has just skipped."""

    files: list[SkippedBody]

    @classmethod
    def of(cls, files: Iterable[Skipped]) -> "SkippedFilesBody":
        """The files, with their paths made safe to show."""
        return cls(
            files=[
                SkippedBody(path=display_path(file.path), reason=display_path(file.reason))
                for file in files
            ]
        )
