"""Results as JSON objects, in the shapes that the command line and the HTTP API promise.

Paths are given as they are, so that a script can open them: dump them with `ensure_ascii=True`
(the default of `json.dumps`), and the surrogates that stand for undecodable bytes survive.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from lookalike.types import (
    DuplicateGroup,
    EncoderState,
    Hit,
    IndexSummary,
    SearchResult,
    Skipped,
    Status,
)

JsonObject: TypeAlias = dict[str, Any]
"""What `json.dumps` takes: strings, numbers, lists and further objects."""


def search_json(result: SearchResult) -> JsonObject:
    """The query and its hits, nearest first."""
    return {
        "query": result.query,
        "hits": [_hit(hit) for hit in result.hits],
        "offset": result.offset,
        "total": result.total,
    }


def duplicates_json(groups: Sequence[DuplicateGroup]) -> JsonObject:
    """Groups of duplicates, each with its best copy first."""
    return {
        "groups": [
            {
                "kind": group.kind,
                "best": group.images[0].id,
                "images": [_hit(image) for image in group.images],
            }
            for group in groups
        ],
        "total": len(groups),
    }


def index_json(summary: IndexSummary) -> JsonObject:
    """What a run of the indexer did."""
    return {
        "added": summary.added,
        "updated": summary.updated,
        "unchanged": summary.unchanged,
        "removed": summary.removed,
        "skipped": _skipped(summary.skipped),
        "warnings": list(summary.warnings),
        "seconds": summary.seconds,
    }


def status_json(status: Status) -> JsonObject:
    """What a collection holds; `skipped` is a number, `skipped_files` is the list."""
    return {
        "collection": status.collection,
        "model": {
            "name": status.model.name,
            "sha256": status.model.sha256,
            "dimension": status.model.dimension,
        },
        "dimension": status.dimension,
        "images": status.images,
        "skipped": status.skipped,
        "bytes": status.bytes,
        "roots": list(status.roots),
        "offline": list(status.offline),
        "rules": {root: asdict(rules) for root, rules in status.rules.items()},
        "text": status.text,
        "calibrated": status.calibrated,
        "encoders": encoders_json(status.encoders),
        "skipped_files": _skipped(status.skipped_files),
    }


def encoders_json(encoders: Sequence[EncoderState]) -> list[JsonObject]:
    """The encoders of a collection, in the order in which they came."""
    return [asdict(encoder) for encoder in encoders]


def _hit(hit: Hit) -> JsonObject:
    asked: JsonObject = {} if hit.duplicates is None else {"duplicates": list(hit.duplicates)}
    if hit.orientation is not None:
        asked["orientation"] = hit.orientation
    if hit.region is not None:
        asked["region"] = list(hit.region)
    return {
        "id": hit.id,
        "path": hit.path,
        "score": hit.score,
        "distance": hit.distance,
        "width": hit.width,
        "height": hit.height,
        "format": hit.format,
        "bytes": hit.bytes,
        "digest": hit.digest,
        "modified": hit.modified.isoformat().replace("+00:00", "Z"),
        "taken": None if hit.taken is None else hit.taken.isoformat(),
        "offline": hit.offline,
        "frame": hit.frame,
        "likeness": hit.likeness,
        **asked,
    }


def _skipped(files: Iterable[Skipped]) -> list[JsonObject]:
    return [{"path": file.path, "reason": file.reason} for file in files]
