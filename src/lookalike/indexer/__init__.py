"""Indexer: from folders to a store; streaming, resumable, bounded in memory."""

from lookalike.indexer.batches import Fresh
from lookalike.indexer.candidates import Candidate
from lookalike.indexer.films import FilmDone
from lookalike.indexer.prepare import Refused, develop, recognise, refused, with_sidecars
from lookalike.indexer.presence import Presence, is_away
from lookalike.indexer.run import index
from lookalike.indexer.threads import Pipeline, Threads
from lookalike.indexer.workshop import OpenWorkshop, Outcome, Outcomes, Workshop

__all__ = [
    "Candidate",
    "FilmDone",
    "Fresh",
    "OpenWorkshop",
    "Outcome",
    "Outcomes",
    "Pipeline",
    "Presence",
    "Refused",
    "Threads",
    "Workshop",
    "develop",
    "index",
    "is_away",
    "recognise",
    "refused",
    "with_sidecars",
]
