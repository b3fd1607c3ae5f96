"""What a search found, as a file."""

import os
from collections.abc import Sequence

from lookalike.tables.rows import group_table, hit_table
from lookalike.tables.write import write_table
from lookalike.types import DuplicateGroup, Hit


def save(found: Sequence[Hit] | Sequence[DuplicateGroup], file: str | os.PathLike[str]) -> int:
    """Write hits, or groups of duplicates, into a file, a row a picture; returns how many.

    Args:
        found: what `Collection.search` or `Collection.duplicates` gave.
        file: its name ends in .csv, .jsonl or .parquet; what was in it is replaced.

    Raises:
        ExportError: it cannot be written as asked.
    """
    groups = [item for item in found if isinstance(item, DuplicateGroup)]
    hits = [item for item in found if isinstance(item, Hit)]
    return write_table(file, group_table(groups) if groups else hit_table(hits))
