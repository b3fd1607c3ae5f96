"""Search: a query in, hits out."""

from lookalike.search.filters import parse_where
from lookalike.search.searcher import Searcher, embed_query

__all__ = ["Searcher", "embed_query", "parse_where"]
