"""Losses between embeddings: classes apart, and pictures apart within their class.

Cross-entropy alone collapses a class to a point: its pictures are found by class and no longer by
what they show. Two terms beside it keep both: the supervised contrastive loss (Khosla 2020,
equation 2) pulls a class together against the others, and an instance loss (InfoNCE, van den Oord
2018) holds the two views of a picture closer than any other picture of its class. Embeddings of
past batches serve as further companions (cross-batch memory, Wang 2020).
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_NEVER = -1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLosses:
    """How much each term counts beside cross-entropy.

    Attributes:
        classes: weight of the supervised contrastive loss, at least 0.
        class_temperature: above 0.
        instances: weight of the instance loss, at least 0; above 0, every picture is shown in two
            views a step.
        instance_temperature: above 0.
        memory: embeddings of past batches that are kept.
    """

    classes: float = 0.5
    class_temperature: float = 0.1
    instances: float = 0.06
    instance_temperature: float = 0.07
    memory: int = 2048

    @property
    def used(self) -> bool:
        """Whether any term counts."""
        return self.classes > 0 or self.instances > 0

    @property
    def views(self) -> int:
        """Views of each picture in a step."""
        return 2 if self.instances > 0 else 1


class Memory:
    """Embeddings of the last batches, with their labels and the pictures that they are of."""

    def __init__(self, capacity: int, dimension: int, device: torch.device) -> None:
        self._capacity = capacity
        self.unit = torch.zeros(0, dimension, device=device)
        self.labels = torch.zeros(0, dtype=torch.int64, device=device)
        self.pictures = torch.zeros(0, dtype=torch.int64, device=device)

    def add(self, unit: Tensor, labels: Tensor, pictures: Tensor) -> None:
        """Remember a batch: float32 (n, dimension) of length 1, int64 (n,), int64 (n,)."""
        self.unit = torch.cat([self.unit, unit.detach()])[-self._capacity :]
        self.labels = torch.cat([self.labels, labels])[-self._capacity :]
        self.pictures = torch.cat([self.pictures, pictures])[-self._capacity :]


def pair_loss(
    embeddings: Tensor, labels: Tensor, pictures: Tensor, memory: Memory, how: PairLosses
) -> Tensor:
    """The weighted sum of both terms; the batch is remembered afterwards.

    Args:
        embeddings: float32 (views * n, dimension): first views of n pictures, then second ones.
        labels: int64 (n,).
        pictures: int64 (n,), who they are.
        memory: of past batches.
        how: weights and temperatures.

    Returns:
        A scalar.
    """
    unit = functional.normalize(embeddings, dim=1)
    labels_all, pictures_all = labels.repeat(how.views), pictures.repeat(how.views)
    keys = torch.cat([unit, memory.unit])
    cosine = unit @ keys.T
    same_class = labels_all[:, None] == torch.cat([labels_all, memory.labels])
    same_picture = pictures_all[:, None] == torch.cat([pictures_all, memory.pictures])
    itself = torch.zeros_like(same_class)
    itself.fill_diagonal_(True)
    loss = cosine.new_zeros(())
    if how.classes:
        logits = (cosine / how.class_temperature).masked_fill(itself, _NEVER)
        companions = same_class & ~itself
        each = (logits.log_softmax(dim=1) * companions).sum(dim=1)
        loss = loss - how.classes * (each / companions.sum(dim=1).clamp(min=1)).mean()
    if how.instances:
        count = len(labels)
        # Row i's other view is n rows on, in turn.
        other_view = torch.arange(2 * count, device=unit.device).roll(count)
        positive = torch.zeros_like(same_class)
        positive[torch.arange(2 * count, device=unit.device), other_view] = True
        rivals = same_class & ~same_picture
        logits = (cosine / how.instance_temperature).masked_fill(~(rivals | positive), _NEVER)
        loss = loss + how.instances * functional.cross_entropy(logits, other_view)
    memory.add(unit[: len(labels)], labels, pictures)
    return loss
