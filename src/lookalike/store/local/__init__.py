"""The embedded store: SQLite is the truth, FAISS a cache that can be deleted at any time."""

from lookalike.store.local.cache import DEFAULT_RECALL
from lookalike.store.local.examine import Examination
from lookalike.store.local.keep import back_up, check, repair, restore
from lookalike.store.local.salvage import Salvaged
from lookalike.store.local.store import LocalStore

__all__ = [
    "DEFAULT_RECALL",
    "Examination",
    "LocalStore",
    "Salvaged",
    "back_up",
    "check",
    "repair",
    "restore",
]
