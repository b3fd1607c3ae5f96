"""The training loop, to be read from top to bottom."""

import copy
import math
import time
from dataclasses import asdict, dataclass


import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from lookalike.encoders import InputSpec
from lookalike.errors import TrainingError
from lookalike.training import checkpoint
from lookalike.training.augment import augment, mix
from lookalike.training.device import Compute
from lookalike.training.events import BatchDone, EpochDone, Listener, Notice
from lookalike.training.history import EpochRecord
from lookalike.training.measure import accuracy, outputs, retrieval
from lookalike.training.pixels import scale, to_unit
from lookalike.training.recipe import Recipe
from lookalike.training.weighting import Classifier, weigh
from lookalike.types import Pixels


@dataclass(frozen=True, slots=True)
class LabelledPixels:
    """One side of the split: RGB uint8 (m, side, side, 3), int64 (m,), and who takes part.

    `indices` int64 (n,) points into both arrays; the pictures themselves may be on disk.
    """

    pixels: Pixels
    labels: NDArray[np.int64]
    indices: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.indices)

    def take(self, some: NDArray[np.int64]) -> tuple[Pixels, Tensor]:
        """Pixels and labels at positions `some` of `indices`."""
        chosen = self.indices[some]
        # In the order of the file: a memory-mapped set is then read forward.
        return self.pixels[chosen], torch.from_numpy(self.labels[chosen])

    def whole(self) -> tuple[Pixels, Tensor]:
        """All pixels and labels."""
        return self.take(np.arange(len(self)))


def fit(
    model: Classifier,
    train: LabelledPixels,
    val: LabelledPixels,
    *,
    recipe: Recipe,
    spec: InputSpec,
    compute: Compute,
    folder: str,
    fingerprint: str,
    on_event: Listener,
) -> tuple[Classifier, list[EpochRecord]]:
    """Train, or go on from the checkpoint in `folder`.

    Args:
        model: starts from its backbone's weights; on the device of `compute`.
        train: what is learned from.
        val: what the best epoch is chosen by.
        recipe: every choice.
        spec: the model's input.
        compute: device and arithmetic.
        folder: for the checkpoint; exists.
        fingerprint: names the run.
        on_event: told of batches and epochs.

    Returns:
        The averaged weights of the best epoch, and the record of all epochs.

    Raises:
        TrainingError: there are fewer pictures than a batch has, the loss is not finite, or a
            checkpoint cannot be written or belongs to another run.
    """
    if len(train) < recipe.batch_size:
        raise TrainingError(
            f"{len(train)} training pictures are fewer than a batch of {recipe.batch_size}; add "
            f"pictures, or lower the batch size to {max(2, len(train) // 4)}"
        )
    device = compute.device
    steps = len(train) // recipe.batch_size
    sizes = [recipe.size(epoch, min(spec.width, spec.height)) for epoch in range(recipe.epochs)]
    sizes = _supported(model, sizes, spec, device)
    class_weights = _class_weights(train, recipe.balance, model.head.out_features).to(device)
    optimizer = _optimizer(model, recipe)
    average = copy.deepcopy(model)
    best = copy.deepcopy(model)
    history: list[EpochRecord] = []

    state = checkpoint.load(folder, fingerprint)
    if state:
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        best.load_state_dict(state["best"])
        optimizer.load_state_dict(state["optimizer"])
        history = [EpochRecord(**record) for record in state["history"]]
        on_event(Notice(f"going on after epoch {len(history)} of {recipe.epochs}"))

    val_pixels, val_labels = val.whole()
    clock = _Clock(recipe.epochs, steps, sizes, on_event)
    for epoch in range(len(history), recipe.epochs):
        if _stale(history, recipe.patience):
            on_event(Notice(f"no better score in {recipe.patience} epochs: training stops here"))
            break
        started = time.monotonic()
        # One generator an epoch: a resumed epoch sees what an uninterrupted one would have seen.
        random = torch.Generator().manual_seed(recipe.seed * 100_003 + epoch)
        torch.manual_seed(recipe.seed * 100_003 + epoch)
        order = torch.randperm(len(train), generator=random).numpy()
        losses, right = 0.0, 0
        rate = recipe.learning_rate
        model.train()
        for step in range(steps):
            rate = _set_rates(optimizer, recipe, epoch * steps + step, recipe.epochs * steps)
            chosen = order[step * recipe.batch_size : (step + 1) * recipe.batch_size]
            pixels, labels = train.take(chosen)

            # Pictures: changed each in its own way, some mixed with one another.
            unit = augment(to_unit(pixels), sizes[epoch], recipe.augmentation, random)
            one_hot = functional.one_hot(labels, model.head.out_features).float()
            unit, targets = mix(unit, one_hot, recipe.augmentation, random)
            inputs = scale(unit.to(device), spec)
            labels, targets = labels.to(device), targets.to(device)

            # Loss: cross-entropy, and a pull between embeddings of one class.
            with torch.autocast(device.type, torch.bfloat16, enabled=compute.low_precision):
                embeddings, logits = model(inputs)
            loss = _cross_entropy(logits, targets, recipe.label_smoothing, class_weights)
            if recipe.contrast:
                likeness = targets @ targets.T
                loss = loss + recipe.contrast * _contrast(
                    embeddings, likeness, recipe.contrast_temperature
                )
            value = float(loss.detach())
            if not math.isfinite(value):
                raise TrainingError(
                    f"the loss is not a finite number (epoch {epoch + 1}, batch {step + 1}); lower "
                    "the learning rate and run again"
                )

            # Step: a bounded gradient, then the weights' moving average follows.
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), recipe.gradient_limit)
            optimizer.step()
            _follow(average, model, recipe.average, epoch * steps + step)

            losses += value
            right += int((logits.detach().argmax(dim=1) == labels).sum())
            clock.batch(epoch, step, value)

        found = outputs(
            average, val_pixels, spec, device=device, low_precision=compute.low_precision
        )
        weighted = weigh(
            found.embeddings, found.logits, average.head.weight.detach().cpu(), "soft"
        )
        record = EpochRecord(
            epoch=epoch + 1,
            size=sizes[epoch],
            learning_rate=rate,
            train_loss=losses / steps,
            train_accuracy=right / (steps * recipe.batch_size),
            val_loss=float(functional.cross_entropy(found.logits, val_labels)),
            val_accuracy=accuracy(found.logits, val_labels),
            val_map=retrieval(weighted, val_labels)[1],
            seconds=time.monotonic() - started,
        )
        is_best = not history or score(record) > max(score(past) for past in history)
        history.append(record)
        if is_best:
            best.load_state_dict(average.state_dict())
        checkpoint.save(
            folder,
            {
                "fingerprint": fingerprint,
                "model": model.state_dict(),
                "average": average.state_dict(),
                "best": best.state_dict(),
                "optimizer": optimizer.state_dict(),
                "history": [asdict(past) for past in history],
            },
        )
        on_event(EpochDone(record, recipe.epochs, is_best))
    return best, history


def score(record: EpochRecord) -> float:
    """What the best epoch is chosen by: accuracy and mean average precision count alike."""
    return (record.val_accuracy + record.val_map) / 2


def _cross_entropy(logits: Tensor, targets: Tensor, smoothing: float, weights: Tensor) -> Tensor:
    smooth = targets * (1 - smoothing) + smoothing / targets.shape[1]
    each = -(smooth * logits.log_softmax(dim=1)).sum(dim=1)
    importance = targets @ weights
    return (each * importance).sum() / importance.sum()


def _contrast(embeddings: Tensor, likeness: Tensor, temperature: float) -> Tensor:
    """Supervised contrastive loss over one batch (Khosla 2020, equation 2).

    Args:
        embeddings: float32 (n, dimension).
        likeness: float32 (n, n), 1 where two pictures share their class, between for mixed ones.
        temperature: above 0.
    """
    unit = functional.normalize(embeddings, dim=1)
    itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    similarity = (unit @ unit.T / temperature).masked_fill(itself, -1e9)
    likeness = likeness.masked_fill(itself, 0.0)
    companions = likeness.sum(dim=1)
    each = -(similarity.log_softmax(dim=1) * likeness).sum(dim=1) / companions.clamp(min=1e-6)
    alone = companions < 1e-6
    return each.masked_fill(alone, 0.0).sum() / (~alone).sum().clamp(min=1)


def _optimizer(model: Classifier, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW (Loshchilov 2019); the head learns faster, and biases and scales do not decay."""
    body = list(model.body.parameters())
    return torch.optim.AdamW(
        [
            {
                "params": [p for p in body if p.ndim > 1],
                "peak": recipe.learning_rate,
                "weight_decay": recipe.weight_decay,
            },
            {
                "params": [p for p in body if p.ndim <= 1],
                "peak": recipe.learning_rate,
                "weight_decay": 0.0,
            },
            {
                "params": list(model.head.parameters()),
                "peak": recipe.head_learning_rate,
                "weight_decay": recipe.weight_decay,
            },
        ],
        lr=recipe.learning_rate,
    )


def _set_rates(optimizer: torch.optim.Optimizer, recipe: Recipe, step: int, steps: int) -> float:
    """Linear warm-up, then half a cosine; returns the backbone's learning rate."""
    done = step / steps
    if done < recipe.warm_up:
        share = done / recipe.warm_up
    else:
        share = 0.5 * (1 + math.cos(math.pi * (done - recipe.warm_up) / (1 - recipe.warm_up)))
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * max(share, 1e-3)
    return float(optimizer.param_groups[0]["lr"])


@torch.no_grad()
def _follow(average: nn.Module, model: nn.Module, memory: float, step: int) -> None:
    """Move the averaged weights towards the current ones; the first steps are forgotten faster."""
    kept = min(memory, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - kept)
    for ours, theirs in zip(average.buffers(), model.buffers(), strict=True):
        ours.copy_(theirs)


def _class_weights(train: LabelledPixels, balance: float, classes: int) -> Tensor:
    """How much a picture of each class counts: float32 (classes,), 1 on average over pictures."""
    counts = np.bincount(train.labels[train.indices], minlength=classes).astype(np.float64)
    weights = (len(train) / (classes * np.maximum(counts, 1))) ** balance
    weights /= (weights * counts).sum() / counts.sum()
    return torch.from_numpy(weights.astype(np.float32))


def _supported(
    model: Classifier, sizes: list[int], spec: InputSpec, device: torch.device
) -> list[int]:
    """The sizes, or the model's own where its graph takes no other."""
    full = min(spec.width, spec.height)
    model.eval()
    for size in set(sizes):
        try:
            with torch.inference_mode():
                model(torch.zeros(1, 3, size, size, device=device))
        except (RuntimeError, AssertionError, ValueError):
            return [full] * len(sizes)
    return sizes


def _stale(history: list[EpochRecord], patience: int) -> bool:
    if len(history) <= patience:
        return False
    scores = [score(record) for record in history]
    return max(scores[-patience:]) <= max(scores[:-patience])


class _Clock:
    """Tells of batches, at most four times a second, and estimates what is left."""

    def __init__(self, epochs: int, steps: int, sizes: list[int], on_event: Listener) -> None:
        self._epochs, self._steps, self._sizes = epochs, steps, sizes
        self._on_event = on_event
        self._last = time.monotonic()
        self._told = 0.0
        self._work, self._spent = 0.0, 0.0

    def batch(self, epoch: int, step: int, loss: float) -> None:
        """Count a batch; its work is in proportion to its pixels."""
        now = time.monotonic()
        self._spent += now - self._last
        self._last = now
        self._work += self._sizes[epoch] ** 2
        if now - self._told < 0.25 and step + 1 < self._steps:
            return
        self._told = now
        left = sum(size**2 for size in self._sizes[epoch + 1 :]) * self._steps
        left += self._sizes[epoch] ** 2 * (self._steps - step - 1)
        self._on_event(
            BatchDone(
                epoch=epoch + 1,
                epochs=self._epochs,
                step=step + 1,
                steps=self._steps,
                loss=loss,
                seconds_left=self._spent / self._work * left,
            )
        )


