"""The embedded store: SQLite is the truth, FAISS a cache that can be deleted at any time."""

from lookalike.store.local.store import LocalStore

__all__ = ["LocalStore"]
