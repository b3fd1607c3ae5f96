"""`Where` as a filter of Milvus; it is `matches` in other words."""

from lookalike.store.milvus.entities import UNKNOWN, camera_text
from lookalike.store.milvus.text import any_of, under_folder
from lookalike.store.where import Instant, start_of
from lookalike.types import Where

EVERYTHING = "id > 0"


def condition(where: Where | None) -> str:
    """All that it says but the labels, which are in the catalogue."""
    if where is None:
        return EVERYTHING
    parts = [] if where.folder is None else [under_folder("folder", where.folder)]
    if where.format:
        parts.append(f"format in {any_of(where.format)}")
    if where.after is not None:
        parts.append(_since(start_of(where.after)))
    if where.before is not None:
        parts.append(f"not {_since(start_of(where.before))}")
    for field, sign, bound in (
        ("width", ">=", where.min_width),
        ("height", ">=", where.min_height),
        ("size", ">=", where.min_bytes),
        ("size", "<=", where.max_bytes),
    ):
        if bound is not None:
            parts.append(f"{field} {sign} {bound}")
    if where.camera is not None:
        parts.append(f'camera == "{camera_text(where.camera)}"')
    return " and ".join(parts) or EVERYTHING


def _since(instant: Instant) -> str:
    return f"(taken >= {instant.taken} or (taken == {UNKNOWN} and mtime_ns >= {instant.mtime_ns}))"


def labelled(keys: list[str]) -> str:
    """A filter of the catalogue: the pictures with any of these labels."""
    return f'kind == "labels" and json_contains_any(data["keys"], {any_of(keys)})'
