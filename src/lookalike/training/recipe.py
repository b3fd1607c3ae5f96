"""Every choice of a training run in one frozen record."""

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec

from lookalike.errors import TrainingError
from lookalike.training.augment import Augmentation
from lookalike.training.pairs import PairLosses
from lookalike.training.weighting import WeightingName

_AFTERWARDS = ("weighting", "blends", "mirror")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to train. The defaults are what docs/results.md measured as best.

    Attributes:
        epochs: at least 1.
        batch_size: pictures a step, at least 2.
        learning_rate: of the backbone, at its highest.
        head_learning_rate: of the last layer, which starts from nothing.
        weight_decay: of weights; biases and scales are left alone.
        warm_up: share of all steps in which the learning rates rise, 0..1; then they fall by half
            a cosine.
        label_smoothing: 0..1 (Szegedy 2016).
        dropout: before the last layer, 0..1.
        pairs: losses between embeddings, beside cross-entropy.
        gradient_limit: the gradient is shortened to this length.
        average: the longest memory of the weight average, as the share kept a step, 0..1.
        balance: 0 counts every picture alike, 1 every class alike.
        sizes: (share of the epochs, share of the backbone's own size) in turn: small pictures
            first, which is faster and as good (progressive resizing).
        view: share of the backbone's own size at which the finished encoder looks at pictures; it
            works best at the size that it last trained at.
        patience: epochs without a better validation score after which training stops.
        held_out: share of each class that validates where no folder does, 0..1.
        weighting: of the exported embedding; its temperature is chosen on validation.
        blends: shares of the trained weights to choose from, each above 0 and at most 1; the rest
            is the backbone as it was (WiSE-FT, Wortsman 2022), which keeps what it knew of
            pictures beyond their classes.
        mirror: average the embedding over the picture and its mirror image: twice the work.
        random_start: begin from untrained weights, where a timm backbone's cannot be had.
        seed: of everything that is random.
        augmentation: of the training pictures.
    """

    epochs: int = 40
    batch_size: int = 48
    learning_rate: float = 3e-4
    head_learning_rate: float = 3e-3
    weight_decay: float = 0.02
    warm_up: float = 0.1
    label_smoothing: float = 0.1
    dropout: float = 0.2
    gradient_limit: float = 1.0
    average: float = 0.998
    balance: float = 0.5
    sizes: tuple[tuple[float, float], ...] = ((0.625, 0.572), (0.375, 0.715))
    view: float = 0.715
    patience: int = 12
    held_out: float = 0.1
    weighting: WeightingName = "importance"
    blends: tuple[float, ...] = (1.0, 0.9, 0.8, 0.7, 0.6)
    mirror: bool = False
    random_start: bool = False
    seed: int = 0
    pairs: PairLosses = field(default_factory=PairLosses)
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        checks = (
            (self.epochs >= 1, f"{self.epochs} epochs are too few; give at least 1"),
            (self.batch_size >= 2, f"a batch of {self.batch_size} is too small; give at least 2"),
            (0 < self.held_out < 1, "the held-out share has to be above 0 and below 1"),
            (all(0 < share <= 1 for share in self.blends), "a blend is above 0 and at most 1"),
            (self.learning_rate > 0, "the learning rate has to be above 0"),
        )
        for fine, sentence in checks:
            if not fine:
                raise TrainingError(sentence)

    def size(self, epoch: int, full: int) -> int:
        """Side of the training pictures in an epoch (from 0), for a backbone of side `full`."""
        done, share = 0.0, self.sizes[-1][1]
        for part, fraction in self.sizes:
            done += part
            if epoch < round(done * self.epochs):
                share = fraction
                break
        return scaled(full, share)

    def record(self) -> dict[str, Any]:
        """Every choice, as JSON has it."""
        return asdict(self)


def scaled(full: int, share: float) -> int:
    """A share of a side, as a multiple of 32, at least 32 and at most the side."""
    return max(32, min(full, 32 * round(full * share / 32)))


def fingerprint(recipe: Recipe, backbone: str, paths: list[str], digests: list[bytes]) -> str:
    """Names a run: the same pictures, backbone and recipe give the same hex digest.

    Choices that are made after the last epoch do not count, so that they can be made anew.
    """
    record = {key: value for key, value in recipe.record().items() if key not in _AFTERWARDS}
    parts = [msgspec.json.encode(record), backbone.encode("utf-8", "surrogateescape")]
    parts += [path.encode("utf-8", "surrogateescape") for path in paths]
    parts += digests
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()
