"""Tables: hits, groups and pictures as files for spreadsheets, scripts and notebooks."""

from lookalike.tables.rows import group_table, hit_table, picture_table
from lookalike.tables.save import save
from lookalike.tables.table import Column, Table
from lookalike.tables.write import SUFFIXES, write_table

__all__ = [
    "SUFFIXES",
    "Column",
    "Table",
    "group_table",
    "hit_table",
    "picture_table",
    "save",
    "write_table",
]
