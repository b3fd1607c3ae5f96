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
from lookalike.training.pairs import Memory, pair_loss
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


_STATEFUL = ("model", "average", "best", "optimizer")


@dataclass(frozen=True, slots=True)
class Run:
    """What a training run is given.

    Attributes:
        train: what is learned from.
        val: what the best epoch is chosen by.
        recipe: every choice.
        spec: the finished encoder's input.
        full: side of the backbone's own input, which the recipe's sizes are shares of.
        compute: device and arithmetic.
        folder: for the checkpoint; exists.
        fingerprint: names the run.
        on_event: told of batches and epochs.
    """

    train: LabelledPixels
    val: LabelledPixels
    recipe: Recipe
    spec: InputSpec
    full: int
    compute: Compute
    folder: str
    fingerprint: str
    on_event: Listener


def fit(model: Classifier, run: Run) -> tuple[Classifier, list[EpochRecord]]:
    """Train, or go on from the checkpoint in the run's folder.

    Args:
        model: starts from its backbone's weights; on the run's device.
        run: everything else.

    Returns:
        The averaged weights of the best epoch, and the record of all epochs.

    Raises:
        TrainingError: there are fewer pictures than a batch has, the loss is not finite, or a
            checkpoint cannot be written or belongs to another run.
    """
    recipe, spec, device = run.recipe, run.spec, run.compute.device
    steps = len(run.train) // recipe.batch_size
    if steps == 0:
        raise TrainingError(
            f"{len(run.train)} training pictures are fewer than a batch of {recipe.batch_size}; "
            "add pictures, or lower the batch size"
        )
    classes = model.head.out_features
    sizes = _sizes(model, run)
    class_weights = _class_weights(run.train, recipe.balance, classes).to(device)
    val_pixels, val_labels = run.val.whole()
    progress = Progress(model, _optimizer(model, recipe), run)
    progress.resume()
    clock = _Clock(recipe.epochs, steps, sizes, run.on_event)

    for epoch in range(len(progress.history), recipe.epochs):
        if progress.stale():
            run.on_event(Notice(f"no better score in {recipe.patience} epochs: it stops here"))
            break
        started = time.monotonic()
        # One generator an epoch: a resumed epoch sees what an uninterrupted one would have seen.
        random = torch.Generator().manual_seed(recipe.seed * 100_003 + epoch)
        torch.manual_seed(recipe.seed * 100_003 + epoch)
        order = torch.randperm(len(run.train), generator=random).numpy()
        memory = Memory(recipe.pairs.memory, model.head.in_features, device)
        losses, right, rate = 0.0, 0.0, recipe.learning_rate
        model.train()
        for step in range(steps):
            at = epoch * steps + step
            rate = _set_rates(progress.optimizer, recipe, at, recipe.epochs * steps)
            chosen = order[step * recipe.batch_size : (step + 1) * recipe.batch_size]
            pixels, labels = run.train.take(chosen)
            unit, targets, mixed = _views(pixels, labels, classes, sizes[epoch], recipe, random)
            inputs = scale(unit.to(device), spec)
            targets, labels = targets.to(device), labels.to(device)

            # Loss: cross-entropy; classes apart, and pictures apart within their class.
            with torch.autocast(device.type, torch.bfloat16, enabled=run.compute.low_precision):
                embeddings, logits = model(inputs)
            loss = _cross_entropy(logits, targets, recipe.label_smoothing, class_weights)
            if recipe.pairs.used and not mixed:
                pictures = torch.from_numpy(chosen).to(device)
                loss = loss + pair_loss(embeddings, labels, pictures, memory, recipe.pairs)
            value = float(loss.detach())
            if not math.isfinite(value):
                raise TrainingError(
                    f"the loss is not a finite number (epoch {epoch + 1}, batch {step + 1}); lower "
                    "the learning rate and run again"
                )

            # Step: a bounded gradient, then the weights' moving average follows.
            progress.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), recipe.gradient_limit)
            progress.optimizer.step()
            _follow(progress.average, model, recipe.average, at)

            losses += value
            hits = logits.detach().argmax(dim=1) == targets.argmax(dim=1)
            right += float(hits.float().mean())
            clock.batch(epoch, step, value)

        record = EpochRecord(
            epoch=epoch + 1,
            size=sizes[epoch],
            learning_rate=rate,
            train_loss=losses / steps,
            train_accuracy=right / steps,
            **_validate(progress.average, val_pixels, val_labels, run),
            seconds=time.monotonic() - started,
        )
        progress.finish(record)
    return progress.best, progress.history


class Progress:
    """What a run has reached: weights, their average, the best of them, the record."""

    def __init__(self, model: Classifier, optimizer: torch.optim.AdamW, run: Run) -> None:
        self.model = model
        self.optimizer = optimizer
        self.average = copy.deepcopy(model)
        self.best = copy.deepcopy(model)
        self.history: list[EpochRecord] = []
        self._run = run

    def resume(self) -> None:
        """Take up the checkpoint, where there is one.

        Raises:
            TrainingError: it belongs to another run, or cannot be read.
        """
        state = checkpoint.load(self._run.folder, self._run.fingerprint)
        if state is None:
            return
        for name in _STATEFUL:
            getattr(self, name).load_state_dict(state[name])
        self.history = [EpochRecord(**record) for record in state["history"]]
        done, epochs = len(self.history), self._run.recipe.epochs
        self._run.on_event(Notice(f"going on after epoch {done} of {epochs}"))

    def finish(self, record: EpochRecord) -> None:
        """Close an epoch: keep the best weights, write the checkpoint, tell the listener."""
        is_best = all(score(record) > score(past) for past in self.history)
        self.history.append(record)
        if is_best:
            self.best.load_state_dict(self.average.state_dict())
        state = {name: getattr(self, name).state_dict() for name in _STATEFUL}
        state["fingerprint"] = self._run.fingerprint
        state["history"] = [asdict(past) for past in self.history]
        checkpoint.save(self._run.folder, state)
        self._run.on_event(EpochDone(record, self._run.recipe.epochs, is_best))

    def stale(self) -> bool:
        """Whether the last `patience` epochs brought nothing better."""
        scores = [score(record) for record in self.history]
        patience = self._run.recipe.patience
        return len(scores) > patience and max(scores[-patience:]) <= max(scores[:-patience])


def score(record: EpochRecord) -> float:
    """What the best epoch is chosen by: accuracy and mean average precision count alike."""
    return (record.val_accuracy + record.val_map) / 2


def _views(
    pixels: Pixels, labels: Tensor, classes: int, size: int, recipe: Recipe, random: torch.Generator
) -> tuple[Tensor, Tensor, bool]:
    """The pictures of a step: each view changed in its own way, some mixed with one another.

    Returns:
        float32 (views * n, 3, size, size) in 0..1, their targets (views * n, classes), and
        whether pictures were mixed.
    """
    views = recipe.pairs.views
    plain = to_unit(pixels).repeat(views, 1, 1, 1)
    one_hot = functional.one_hot(labels, classes).float().repeat(views, 1)
    unit = augment(plain, size, recipe.augmentation, random)
    unit, targets = mix(unit, one_hot, recipe.augmentation, random)
    return unit, targets, targets is not one_hot


def _cross_entropy(logits: Tensor, targets: Tensor, smoothing: float, weights: Tensor) -> Tensor:
    smooth = targets * (1 - smoothing) + smoothing / targets.shape[1]
    each = -(smooth * logits.log_softmax(dim=1)).sum(dim=1)
    importance = targets @ weights
    return (each * importance).sum() / importance.sum()


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


def _validate(average: Classifier, pixels: Pixels, labels: Tensor, run: Run) -> dict[str, float]:
    """Loss, accuracy and mAP of whole pictures, by the names that `EpochRecord` gives them."""
    compute = run.compute
    found = outputs(
        average, pixels, run.spec, device=compute.device, low_precision=compute.low_precision
    )
    rows = average.head.weight.detach().cpu()
    weighted = weigh(found.embeddings, found.logits, rows, "soft")
    return {
        "val_loss": float(functional.cross_entropy(found.logits, labels)),
        "val_accuracy": accuracy(found.logits, labels),
        "val_map": retrieval(weighted, labels)[1],
    }


def _sizes(model: Classifier, run: Run) -> list[int]:
    """Side of the training pictures in each epoch; the backbone's own where it takes no other."""
    sizes = [run.recipe.size(epoch, run.full) for epoch in range(run.recipe.epochs)]
    if all(takes(model, size, run.compute.device) for size in set(sizes)):
        return sizes
    return [run.full] * len(sizes)


def takes(model: Classifier, size: int, device: torch.device) -> bool:
    """Whether a model accepts square pictures of this side."""
    model.eval()
    try:
        with torch.inference_mode():
            model(torch.zeros(1, 3, size, size, device=device))
    except (RuntimeError, AssertionError, ValueError):
        return False
    return True


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
