"""Cluster: pictures prepared and encoded by workers on a Ray cluster; the run stays with us."""

from lookalike.cluster.connect import on_ray

__all__ = ["on_ray"]
