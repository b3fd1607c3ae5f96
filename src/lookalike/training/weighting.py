"""Class weighting: the embedding scaled by what the classifier makes of the picture.

The last layer's row of a class, W[c], says how much each channel of the embedding speaks for c.
The published method multiplies the embedding by the row of the predicted class, so that pictures
of one predicted class move together. (Its code then multiplies once more by all of W for a batch;
what it means, and what is here, is one row a picture.) A picture between two classes flips from
one row to the other; the soft form takes the mean of the rows, by the classifier's belief. A
channel that speaks against a class says as much as one that speaks for it, and a sign that differs
between two classes turns the embedding: the importance form takes the rows without their signs.
"""

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

WeightingName: TypeAlias = Literal["none", "published", "soft", "importance"]

TEMPERATURES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""What the temperature is chosen from, on validation pictures."""


def weigh(
    embedding: Tensor, logits: Tensor, rows: Tensor, name: WeightingName, temperature: float = 1.0
) -> Tensor:
    """Weigh embeddings by class.

    Args:
        embedding: float (n, dimension), not normalised.
        logits: float (n, classes), before softmax.
        rows: float (classes, dimension), the last layer's weights.
        name: "published" is `x * W[argmax(logits)]`, "soft" is
            `x * (softmax(logits / temperature) @ W)`, "importance" is the same with `abs(W)`,
            "none" is `x`.
        temperature: above 0, of "soft" and "importance"; near 0 the soft form becomes the
            published one.

    Returns:
        float (n, dimension), not normalised.
    """
    if name == "published":
        return embedding * rows[logits.argmax(dim=1)]
    if name == "none":
        return embedding
    belief = (logits / temperature).softmax(dim=1)
    return embedding * (belief @ (rows if name == "soft" else rows.abs()))


class Classifier(nn.Module):
    """A backbone and one output a class.

    Args:
        body: (n, 3, height, width) -> (n, dimension).
        dimension: of the embedding.
        classes: number of outputs.
        dropout: share of the embedding's channels that a training step does not see, 0..1.

    Attributes:
        mirror: whether a finished classifier takes the mean over the picture and its mirror image,
            for twice the work.
    """

    def __init__(self, body: nn.Module, dimension: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.mirror = False
        self.body = body
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(dimension, classes)
        # Small, so that the first steps do not shake a trained backbone.
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Scaled pixels to (embedding (n, dimension), logits (n, classes)), float32."""
        embedding = self.body(pixels).float()
        if self.mirror and not self.training:
            embedding = (embedding + self.body(pixels.flip(3)).float()) / 2
        # The head is small and its differences matter: it stays in full precision.
        with torch.autocast(embedding.device.type, enabled=False):
            return embedding, self.head(self.dropout(embedding))


class WeightedEncoder(nn.Module):
    """What is exported: pixels in, the weighted embedding and the logits out."""

    def __init__(self, classifier: Classifier, name: WeightingName, temperature: float) -> None:
        super().__init__()
        self.classifier = classifier
        self.name = name
        self.temperature = temperature

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Scaled pixels to (weighted embedding (n, dimension), logits (n, classes))."""
        embedding, logits = self.classifier(pixels)
        rows = self.classifier.head.weight
        return weigh(embedding, logits, rows, self.name, self.temperature), logits
