"""Atlas: the map of a collection, and sheets of small pictures to draw it with."""

from lookalike.atlas.atlas import Atlas
from lookalike.atlas.places import Places
from lookalike.atlas.sheets import CELLS, COLUMNS, ROWS, SIDE

__all__ = ["CELLS", "COLUMNS", "ROWS", "SIDE", "Atlas", "Places"]
