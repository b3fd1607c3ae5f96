"""The collections of one server, and the one that a request means."""

import os
from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import Depends, HTTPException, Query, Request

from lookalike.collection import Collection
from lookalike.present.text import display_path


class Served:
    """Collections by name, in the order in which they were given; the first is the default.

    A name is that of the collection's folder, with a number where several share it.
    """

    def __init__(self, collections: Sequence[Collection]) -> None:
        if not collections:
            raise ValueError("a server needs a collection")
        self._by_name: dict[str, Collection] = {}
        for collection in collections:
            self._by_name[self._free_name(collection.location)] = collection
        self.default = collections[0]

    def _free_name(self, location: str) -> str:
        folder = display_path(os.path.basename(location.rstrip(os.sep))) or "collection"
        name, number = folder, 1
        while name in self._by_name:
            number += 1
            name = f"{folder}-{number}"
        return name

    def __iter__(self) -> Iterator[tuple[str, Collection]]:
        return iter(self._by_name.items())

    def get(self, name: str) -> Collection | None:
        """The collection of that name."""
        return self._by_name.get(name)

    @property
    def pictures(self) -> int:
        """The number of pictures in all collections together."""
        return sum(len(collection) for collection in self._by_name.values())


async def chosen(
    request: Request,
    collection: Annotated[
        str | None,
        Query(description="which collection, by its name; the first unless told", max_length=255),
    ] = None,
) -> Collection:
    """The collection that the request means.

    Raises:
        HTTPException: 404, none has that name.
    """
    served: Served = request.app.state.served
    if collection is None:
        return served.default
    found = served.get(collection)
    if found is None:
        known = ", ".join(name for name, _ in served)
        raise HTTPException(404, f"there is no collection {collection} here, but: {known}")
    return found


Chosen = Annotated[Collection, Depends(chosen)]
"""As the type of a route's parameter: the collection that the request means."""
