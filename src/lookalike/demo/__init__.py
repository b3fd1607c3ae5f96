"""A gallery of drawn pictures, to try Lookalike with; uses NumPy and Pillow only."""

from lookalike.demo.gallery import (
    KINDS,
    MANIFEST,
    DrawProgress,
    GalleryPicture,
    draw_gallery,
    plan,
)

__all__ = ["KINDS", "MANIFEST", "DrawProgress", "GalleryPicture", "draw_gallery", "plan"]
