"""How a cluster's nodes are shared out among workers."""

from collections.abc import Iterable, Mapping

from lookalike.crew import Share

_MOST_CPUS = 8
"""Cores of a worker by default: more threads of one Python would wait for each other."""


def shares(nodes: Iterable[Mapping[str, float]], cpus: int | None = None) -> list[Share]:
    """A share for each worker that the nodes have room for; at least one, of one core.

    Args:
        nodes: resources of each node, as Ray names them.
        cpus: cores a worker, on nodes without GPUs.
    """
    found = []
    for node in nodes:
        cores, gpus = int(node.get("CPU", 0)), int(node.get("GPU", 0))
        if gpus and cores >= gpus:
            found += [Share(cores // gpus, 1)] * gpus
        elif cores:
            each = min(cores, cpus or _MOST_CPUS)
            found += [Share(each)] * (cores // each)
    return found or [Share(1)]
