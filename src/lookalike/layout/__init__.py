"""Layout: embeddings to places on a map, where neighbours stay neighbours. Pure arithmetic."""

from lookalike.layout.project import MAX_LANDMARKS, Layout, project

__all__ = ["MAX_LANDMARKS", "Layout", "project"]
