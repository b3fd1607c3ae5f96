"""Search: a query in, hits out."""

from lookalike.search.duplicates import find_duplicates
from lookalike.search.explain import Explainer
from lookalike.search.filters import parse_size, parse_where
from lookalike.search.gist import Gists
from lookalike.search.looks import Looks
from lookalike.search.searcher import Searcher, embed_query
from lookalike.search.suggest import suggest_labels

__all__ = [
    "Explainer",
    "Gists",
    "Looks",
    "Searcher",
    "embed_query",
    "find_duplicates",
    "parse_size",
    "parse_where",
    "suggest_labels",
]
