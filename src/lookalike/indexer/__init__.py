"""Indexer: from folders to a store; streaming, resumable, bounded in memory."""

from lookalike.indexer.run import index

__all__ = ["index"]
