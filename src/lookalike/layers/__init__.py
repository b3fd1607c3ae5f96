"""Layers: more embeddings of a collection's pictures, filled beside the one that answers.

Of another encoder, so that a collection can change to it without losing search; and of regions of
the pictures, so that a query finds a picture that contains it.
"""

from lookalike.layers.agreement import Agreement, SideBySide
from lookalike.layers.encoders import Encoders

__all__ = ["Agreement", "Encoders", "SideBySide"]
