"""Hits, groups of duplicates and pictures, as tables."""

import os
from collections.abc import Iterator, Sequence

from lookalike.store import Store, StoredFile
from lookalike.tables.table import Column, Row, Table
from lookalike.types import DuplicateGroup, Hit, Where, is_address

_FILE = (
    Column("id", "whole"),
    Column("path", "text"),
    Column("width", "whole"),
    Column("height", "whole"),
    Column("format", "text"),
    Column("bytes", "whole"),
    Column("modified", "moment"),
    Column("taken", "clock"),
    Column("offline", "yes"),
    Column("frame", "number"),
)
_SCORES = (Column("score", "number"), Column("distance", "number"))
_SIDES = ("x", "y", "width", "height")
_NOWHERE = (None, None, None, None)
_BATCH = 4096


def hit_table(hits: Sequence[Hit]) -> Table:
    """One row a hit, nearest first."""
    columns = (
        Column("rank", "whole"),
        *_SCORES,
        *_FILE,
        Column("likeness", "number"),
        Column("duplicates", "wholes"),
        Column("orientation", "text"),
        *(Column(f"region_{side}", "number") for side in _SIDES),
    )
    rows = [
        {
            "rank": rank,
            **_hit(hit),
            "likeness": hit.likeness,
            "duplicates": None if hit.duplicates is None else list(hit.duplicates),
            "orientation": hit.orientation,
            **dict(zip((f"region_{side}" for side in _SIDES), hit.region or _NOWHERE, strict=True)),
        }
        for rank, hit in enumerate(hits, start=1)
    ]
    return Table(columns, [rows])


def group_table(groups: Sequence[DuplicateGroup]) -> Table:
    """One row a member, the best copy of each group first; scores are similarities to it."""
    columns = (
        Column("group", "whole"),
        Column("kind", "text"),
        Column("best", "yes"),
        *_SCORES,
        *_FILE,
    )
    rows = [
        {"group": number, "kind": group.kind, "best": place == 0, **_hit(hit)}
        for number, group in enumerate(groups, start=1)
        for place, hit in enumerate(group.images)
    ]
    return Table(columns, [rows])


def picture_table(store: Store, where: Where | None = None, *, embeddings: bool = False) -> Table:
    """One row a picture of a store, by rising id.

    Args:
        store: read while the table is written.
        where: only the pictures that fit.
        embeddings: whether with a column of them.
    """
    vectors = (Column("embedding", "vector"),) if embeddings else ()
    columns = (*_FILE, Column("camera", "text"), Column("labels", "texts"), *vectors)
    return Table(columns, _pictures(store, where), store.encoder.dimension)


def _pictures(store: Store, where: Where | None) -> Iterator[list[Row]]:
    for files, vectors in store.scan(_BATCH, where):
        labels = store.labels([item.id for item in files])
        yield [
            {**_picture(item), "labels": labels.get(item.id, []), "embedding": vector}
            for item, vector in zip(files, vectors, strict=True)
        ]


def _picture(item: StoredFile) -> Row:
    file = item.file
    return {
        "id": item.id,
        "path": file.path,
        "width": file.width,
        "height": file.height,
        "format": file.format,
        "bytes": file.size,
        "modified": file.modified_at,
        "taken": file.taken_at,
        "offline": not is_address(file.path) and not os.path.lexists(file.path),
        "frame": file.seconds,
        "camera": file.camera,
    }


def _hit(hit: Hit) -> Row:
    return {
        "id": hit.id,
        "path": hit.path,
        "score": hit.score,
        "distance": hit.distance,
        "width": hit.width,
        "height": hit.height,
        "format": hit.format,
        "bytes": hit.bytes,
        "modified": hit.modified,
        "taken": hit.taken,
        "offline": hit.offline,
        "frame": hit.frame,
    }
