"""The collections of one server, and the one that a request means."""

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Query, Request

from lookalike.atlas import Atlas
from lookalike.collection import Collection
from lookalike.errors import StoreUnavailableError
from lookalike.jobs import Indexing, Watch
from lookalike.present.text import display_path


@dataclass(frozen=True, slots=True)
class Member:
    """One collection of the server, and what goes on around it."""

    name: str
    collection: Collection
    indexing: Indexing
    atlas: Atlas
    watch: Watch | None = None


class Served:
    """Collections by name, in the order in which they were given; the first is the default.

    A name is that of the collection's folder, with a number where several share it.
    """

    def __init__(self, collections: Sequence[Collection], *, watched: bool = False) -> None:
        """Take collections; none is watched before `start`."""
        if not collections:
            raise ValueError("a server needs a collection")
        self._members: dict[str, Member] = {}
        for collection in collections:
            name = self._free_name(collection.location)
            indexing = Indexing(collection)
            watch = Watch(collection, indexing.tell) if watched else None
            self._members[name] = Member(name, collection, indexing, Atlas(collection), watch)

    def _free_name(self, location: str) -> str:
        folder = display_path(os.path.basename(location.rstrip(os.sep))) or "collection"
        name, number = folder, 1
        while name in self._members:
            number += 1
            name = f"{folder}-{number}"
        return name

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def get(self, name: str | None) -> Member | None:
        """The collection of that name; None means the first."""
        return next(iter(self)) if name is None else self._members.get(name)

    @property
    def pictures(self) -> float:
        """The number of pictures in all collections together; NaN where one is out of reach."""
        try:
            return sum(len(member.collection) for member in self)
        except StoreUnavailableError:
            return math.nan

    def start(self) -> None:
        """Begin to watch the folders of the collections, where that was asked for."""
        for member in self:
            if member.watch is not None:
                member.watch.start()

    def begin_close(self) -> None:
        """Let what goes on in the background come to an end; streams of events end as well."""
        for member in self:
            member.indexing.begin_close()
            if member.watch is not None:
                member.watch.begin_close()

    def close(self) -> None:
        """Wait until nothing goes on in the background any more."""
        self.begin_close()
        for member in self:
            member.indexing.close()
            if member.watch is not None:
                member.watch.close()
            member.atlas.close()


async def chosen_member(
    request: Request,
    collection: Annotated[
        str | None,
        Query(description="which collection, by its name; the first unless told", max_length=255),
    ] = None,
) -> Member:
    """The collection that the request means, with what goes on around it.

    Raises:
        HTTPException: 404, none has that name.
    """
    served: Served = request.app.state.served
    found = served.get(collection)
    if found is None:
        known = ", ".join(member.name for member in served)
        raise HTTPException(404, f"there is no collection {collection} here, but: {known}")
    return found


async def chosen(member: Annotated[Member, Depends(chosen_member)]) -> Collection:
    """The collection that the request means."""
    return member.collection


Chosen = Annotated[Collection, Depends(chosen)]
"""As the type of a route's parameter: the collection that the request means."""

ChosenMember = Annotated[Member, Depends(chosen_member)]
"""The same, with what goes on around it."""
