"""Indexer: from folders to a store; streaming, resumable, bounded in memory."""

from lookalike.indexer.presence import is_away
from lookalike.indexer.run import index

__all__ = ["index", "is_away"]
