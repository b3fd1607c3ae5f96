"""Store: files and their embeddings, behind one protocol.

`exact` is NumPy in memory, the oracle; `local` is SQLite with FAISS as a disposable cache.
"""

from lookalike.store.base import (
    NO_DEVICE,
    Changes,
    FileRecord,
    FileState,
    Neighbours,
    SkippedFile,
    Store,
    StoredFile,
    Writer,
    under,
)
from lookalike.store.copy import Copied, copy_store
from lookalike.store.exact import ExactStore
from lookalike.store.layers import Boxes, Embedded, Layer, Layers, LayerWriter, Places
from lookalike.store.local import DEFAULT_RECALL, LocalStore
from lookalike.store.place import Place

__all__ = [
    "DEFAULT_RECALL",
    "NO_DEVICE",
    "Boxes",
    "Changes",
    "Copied",
    "Embedded",
    "ExactStore",
    "FileRecord",
    "FileState",
    "Layer",
    "LayerWriter",
    "Layers",
    "LocalStore",
    "Neighbours",
    "Place",
    "Places",
    "SkippedFile",
    "Store",
    "StoredFile",
    "Writer",
    "copy_store",
    "under",
]
