"""Reverse image search over your own pictures, on your own machine.

import lookalike

photos = lookalike.open("photos.lookalike")
photos.index("~/Pictures")
for hit in photos.search("query.jpg", k=5):
    print(hit.path, hit.score, hit.distance)
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lookalike.collection import Collection, open
    from lookalike.errors import LookalikeError
    from lookalike.tables.save import save
    from lookalike.types import (
        Example,
        Hit,
        IndexProgress,
        IndexSummary,
        Query,
        Rules,
        Skipped,
        Status,
        Where,
    )

__version__ = "0.1.0"

__all__ = [
    "Collection",
    "Example",
    "Hit",
    "IndexProgress",
    "IndexSummary",
    "LookalikeError",
    "Query",
    "Rules",
    "Skipped",
    "Status",
    "Where",
    "__version__",
    "open",
    "save",
]

_HOMES = {
    "Collection": "collection",
    "open": "collection",
    "LookalikeError": "errors",
    "save": "tables.save",
    "Example": "types",
    "Hit": "types",
    "IndexProgress": "types",
    "IndexSummary": "types",
    "Query": "types",
    "Rules": "types",
    "Skipped": "types",
    "Status": "types",
    "Where": "types",
}


def __getattr__(name: str) -> object:
    # Names load when first used: `import lookalike` alone costs next to nothing.
    if name in _HOMES:
        return getattr(import_module(f"lookalike.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'lookalike' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
