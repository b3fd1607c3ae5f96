"""Tidy: files of duplicates put aside, or made one by hard links; each step can be undone."""

from lookalike.tidy.act import act, undo
from lookalike.tidy.journals import Journal, journals, new_journal
from lookalike.tidy.steps import Done, Step, links, moves

__all__ = ["Done", "Journal", "Step", "act", "journals", "links", "moves", "new_journal", "undo"]
