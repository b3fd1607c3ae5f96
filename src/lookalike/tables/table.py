"""What a table is: columns of a kind, and rows in batches."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal[
    "whole", "number", "yes", "text", "texts", "wholes", "moment", "clock", "vector"
]
"""Of a column: int, float, bool, str, several of them, a time in UTC, a time on some clock without
a time zone, and an embedding, (dimension,) float32."""

Row: TypeAlias = dict[str, Any]
"""Values by column; None where there is none."""


class Column(NamedTuple):
    """One column."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    """Something to be written.

    Attributes:
        columns: in their order.
        batches: rows, so many at a time that memory does not grow with the table.
        dimension: length of the embeddings, where there is a column of them.
    """

    columns: tuple[Column, ...]
    batches: Iterable[list[Row]]
    dimension: int = 0

    @property
    def has_vectors(self) -> bool:
        """Whether there is a column of embeddings."""
        return any(column.kind == "vector" for column in self.columns)
