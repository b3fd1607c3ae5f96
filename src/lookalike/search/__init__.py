"""Search: a query in, hits out."""

from lookalike.search.nearest import embed_query, nearest

__all__ = ["embed_query", "nearest"]
