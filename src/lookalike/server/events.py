"""News of a collection's indexing as server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

from pydantic import BaseModel

from lookalike.jobs import IndexJob, Watch
from lookalike.server.jobs import JobBody, SkippedFilesBody, WatchBody
from lookalike.server.served import Member

_QUIET_S = 15.0
_SKIPPED_AT_ONCE = 200


class Teller:
    """What one listener has been told, and what is new for it."""

    def __init__(self, last_event_id: str) -> None:
        """Go on where a listener was, which names the last event that it had."""
        job, _, count = last_event_id.partition(":")
        self._job = job
        self._skipped = int(count) if count.isdecimal() and len(count) < 10 else 0
        self._ended = False
        self._watch: WatchBody | None = None

    def news(self, job: IndexJob | None, watch: Watch | None) -> Iterator[str]:
        """The events that bring the listener up to date with a collection.

        Args:
            job: its latest.
            watch: of its folders.
        """
        if watch is not None:
            body = WatchBody.of(watch.status())
            if body != self._watch:
                self._watch = body
                yield self._event("watch", body)
        if job is None:
            return
        if job.id != self._job:
            self._job, self._skipped, self._ended = job.id, 0, False
        if self._ended:
            return
        status = job.status()  # before the skipped files: an end comes after the last of them
        while files := job.skipped(self._skipped, _SKIPPED_AT_ONCE):
            self._skipped += len(files)
            yield self._event("skipped", SkippedFilesBody.of(files))
        self._ended = status.ended
        yield self._event("done" if status.ended else "progress", JobBody.of(status))

    def _event(self, name: str, body: BaseModel) -> str:
        return f"id: {self._job}:{self._skipped}\nevent: {name}\ndata: {body.model_dump_json()}\n\n"


async def stream(member: Member, last_event_id: str) -> AsyncIterator[str]:
    """Events for as long as the listener stays, over one job and the next.

    A slow listener gets the latest progress and misses what lay between; it never misses a skipped
    file or an end.
    """
    loop, changed, indexing = asyncio.get_running_loop(), asyncio.Event(), member.indexing

    def wake() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            loop.call_soon_threadsafe(changed.set)

    unwatch = indexing.watch(wake)
    teller = Teller(last_event_id)
    try:
        yield ": here\n\n"
        while True:
            changed.clear()
            for event in teller.news(indexing.job, member.watch):
                yield event
            if indexing.closed and (indexing.job is None or indexing.job.status().ended):
                return
            try:
                await asyncio.wait_for(changed.wait(), _QUIET_S)
            except TimeoutError:
                yield ": still here\n\n"  # so that a listener that has gone is noticed
    finally:
        unwatch()
