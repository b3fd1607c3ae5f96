"""How a cluster's nodes are shared out among workers."""

from collections.abc import Iterable, Mapping

from lookalike.crew import Share, split


def shares(nodes: Iterable[Mapping[str, float]], cpus: int | None = None) -> list[Share]:
    """A share for each worker that the nodes have room for; at least one, of one core.

    Args:
        nodes: resources of each node, as Ray names them.
        cpus: cores a worker, on nodes without GPUs; None is as on one machine, see `split`.
    """
    found = []
    for node in nodes:
        cores, gpus = int(node.get("CPU", 0)), int(node.get("GPU", 0))
        if gpus and cores >= gpus:
            found += [Share(cores // gpus, 1)] * gpus
        elif cores and cpus:
            each = min(cores, cpus)
            found += [Share(each)] * (cores // each)
        elif cores:
            found += split(cores)
    return found or [Share(1)]
