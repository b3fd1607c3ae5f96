"""t-SNE's gradient descent over a graph of neighbours.

Sources: van der Maaten and Hinton 2008; the learning rate is that of Belkina et al. 2019; equal
weights for all neighbours do as well as a perplexity (Boehm et al. 2022).
"""

import numpy as np
from numpy.typing import NDArray

from lookalike.layout.neighbours import Graph
from lookalike.layout.repulsion import Places, repulsion

_LONGEST_STEP = np.float32(5)


def descend(graph: Graph, places: Places, *, steps: int, exaggeration: float) -> Places:
    """Move places, (2, n), so that neighbours come together and all others apart.

    Args:
        graph: the neighbours.
        places: where they begin.
        steps: how many.
        exaggeration: how much stronger neighbours attract than t-SNE proper has it, which is 1.
    """
    # An edge pulls by about exaggeration / n, so that steps are as stable for few as for many.
    rate = np.float32(places.shape[1] / exaggeration)
    momentum = np.float32(0.5 if exaggeration > 4 else 0.8)
    speed, gains = np.zeros_like(places), np.ones_like(places)
    for _ in range(steps):
        gradient = exaggeration * _attraction(graph, places) - repulsion(places)
        slower = np.sign(gradient) == np.sign(speed)
        gains = np.maximum(np.where(slower, gains * 0.8, gains + 0.2), 0.01).astype(np.float32)
        speed = momentum * speed - rate * gains * gradient.astype(np.float32)
        # A point that many have as a neighbour would overshoot ever further before its gain falls.
        speed = np.clip(speed, -_LONGEST_STEP, _LONGEST_STEP)
        places = places + speed
    return places


def _attraction(graph: Graph, places: Places) -> NDArray[np.float32]:
    apart = places[:, graph.sources] - places[:, graph.targets]
    apart *= graph.weights / (1 + (apart * apart).sum(axis=0))
    return np.add.reduceat(apart, graph.starts, axis=1)
