"""Train the student to give each picture, however changed, the teacher's embedding of the original.

    python -m training.compact.distil WORK --teacher MODEL_FOLDER [--steps 6000] [--size 128]

WORK is what pack.py made. A checkpoint is written every few minutes: the same command goes on from
the last one. Two stages: first the front alone imitates the teacher's feature map at a stride of 8;
then the whole student is trained on three losses, the first two against the cached embeddings,
projected to the student's dimension.

- cosine: the student's embedding of a changed picture lies where the teacher's of the original is.
- similarity (SEED, Fang 2021): over a bank of other pictures' targets, the student's similarities
  are distributed as the teacher's are. It cares for neighbours, and tells pictures apart.
- classes: for pictures whose class is known, cross-entropy of cosines to one learned direction a
  class (normalised softmax, Zhai 2018), which begin as the means of the classes' targets.
"""

import argparse
import copy
import io
import json
import math
import os
import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from lookalike.encoders import locate
from lookalike.training.augment import Augmentation, augment
from lookalike.training.device import choose_compute, keep_memory, prefer_fast_depthwise
from training.compact import teacher
from training.compact.pack import LARGE, SMALL
from training.compact.sources import SOURCES
from training.compact.student import (
    DIMENSION,
    Projection,
    Student,
    begin_as,
    principal_directions,
    settle_length,
)

BATCH_LARGE, BATCH_SMALL = 96, 32
"""Pictures of each kind in a step: small ones are many but show little."""

MILD = Augmentation(smallest_crop=0.9, colour=0.25, tilt=0.06, erase=0.0, shrink=0.15)
STRONG = Augmentation(smallest_crop=0.4, colour=0.45, tilt=0.16, erase=0.1, shrink=0.35)
JPEG_SHARE = 0.2
TEMPERATURE = 0.05
CLASS_TEMPERATURE, CLASS_SMOOTHING = 0.07, 0.1
BANK = 16_384
FRONT_STEPS = 500
VALIDATES = 101
"""Every so many-th picture never trains."""
AVERAGE, FOLLOWS = 0.9985, 4
"""The weights' average keeps this share a step, and is brought up every so many steps."""
SAVE_SECONDS = 150
UNKNOWN = -1
"""Stands for the class of a picture that has none."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Packed pixels uint8 (n, side, side, 3), on disk, and targets float32 (n, DIMENSION).

    `starts` and `counts`, int64 (s,), say where each source lies; `shares`, float32 (s,), how often
    it is drawn; `classes`, names or None, what each picture shows.
    """

    pixels: NDArray[np.uint8]
    targets: Tensor
    classes: list[str | None]
    starts: Tensor
    counts: Tensor
    shares: Tensor

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """Indices of `count` pictures that may train: a source by its share, then any of it."""
        sources = torch.multinomial(self.shares, count, replacement=True, generator=random)
        within = torch.rand(count, generator=random, dtype=torch.float64) * self.counts[sources]
        chosen = self.starts[sources] + within.long()
        # Every so many-th picture validates, and so its neighbour trains.
        return chosen + ((chosen % VALIDATES == 0) & (chosen + 1 < len(self)))

    def __len__(self) -> int:
        return len(self.targets)


def open_pack(work: str, name: str, side: int, projection: Projection) -> Pictures:
    """One of the packs, its teacher embeddings projected and scaled to length 1."""
    pixels = np.memmap(os.path.join(work, f"{name}.rgb"), np.uint8, "r").reshape(-1, side, side, 3)
    theirs = np.load(os.path.join(work, f"{name}-teacher.npy"), mmap_mode="r")
    parts = [
        torch.from_numpy(projection.targets(theirs[start : start + 8192].astype(np.float32)))
        for start in range(0, len(theirs), 8192)
    ]
    with open(os.path.join(work, f"{name}-sources.json"), encoding="utf-8") as file:
        kept: dict[str, int] = json.load(file)
    with open(os.path.join(work, f"{name}-classes.json"), encoding="utf-8") as file:
        classes: list[str | None] = json.load(file)
    counts = torch.tensor(list(kept.values()))
    share = {source.name: source.share for source in SOURCES}
    shares = torch.tensor([share[source] for source in kept])
    return Pictures(pixels, torch.cat(parts), classes, counts.cumsum(0) - counts, counts, shares)


class Batches:
    """Draws changed pictures, by one generator that is seeded by the step.

    `strong` is the share of pictures that stray far from the original, the rest keeps close to it.
    """

    def __init__(self, large: Pictures, small: Pictures, size: int, strong: float) -> None:
        self.large, self.small, self.size, self.strong = large, small, size, strong
        kinds = (large, small)
        self._names = sorted({name for each in kinds for name in each.classes if name})
        number = {name: place for place, name in enumerate(self._names)}
        self._classes = [
            torch.tensor([number[name] if name else UNKNOWN for name in each.classes])
            for each in kinds
        ]

    def class_means(self) -> Tensor:
        """The mean target of each class, (c, DIMENSION), of length 1."""
        sums = torch.zeros(len(self._names), DIMENSION)
        for pictures, classes in zip((self.large, self.small), self._classes, strict=True):
            known = classes != UNKNOWN
            sums.index_add_(0, classes[known], pictures.targets[known])
        return functional.normalize(sums)

    def draw(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """Scaled pixels (n, 3, size, size), their targets (n, DIMENSION), their classes (n,)."""
        random = torch.Generator().manual_seed(step)
        kinds = ((self.large, BATCH_LARGE), (self.small, BATCH_SMALL))
        pixels, targets, classes = [], [], []
        for (pictures, count), known in zip(kinds, self._classes, strict=True):
            chosen = pictures.draw(count, random)
            raw = np.ascontiguousarray(pictures.pixels[chosen.numpy()])
            _compress(raw, random)
            unit = torch.from_numpy(raw).permute(0, 3, 1, 2).float().div_(255)
            mild = round(count * (1 - self.strong))
            pixels += [
                augment(unit[:mild], self.size, MILD, random),
                augment(unit[mild:], self.size, STRONG, random),
            ]
            targets.append(pictures.targets[chosen])
            classes.append(known[chosen])
        return _scaled(torch.cat(pixels)), torch.cat(targets), torch.cat(classes)

    def validation(self) -> tuple[Tensor, Tensor]:
        """Whole pictures that never train."""
        raw = np.ascontiguousarray(self.large.pixels[::VALIDATES])
        unit = torch.from_numpy(raw).permute(0, 3, 1, 2).float().div_(255)
        unit = functional.interpolate(
            unit, (self.size, self.size), mode="bilinear", align_corners=False, antialias=True
        )
        return _scaled(unit), self.large.targets[::VALIDATES]

    def bank(self, step: int) -> Tensor:
        """Targets of other pictures, (BANK, DIMENSION)."""
        random = torch.Generator().manual_seed(2**32 + step)
        share = BANK * 3 // 4
        parts = ((self.large, share), (self.small, BANK - share))
        return torch.cat(
            [p.targets[torch.randint(0, len(p), (n,), generator=random)] for p, n in parts]
        )


def similarity_loss(ours: Tensor, theirs: Tensor, bank: Tensor) -> Tensor:
    """Cross-entropy from the teacher's distribution over neighbours to the student's.

    Args:
        ours: (n, d), of length 1.
        theirs: (n, d), of length 1; the pictures' own targets, which belong to the candidates.
        bank: (m, d), of length 1.
    """
    candidates = torch.cat([theirs, bank])
    wanted = (theirs @ candidates.T / TEMPERATURE).softmax(dim=1)
    return -(wanted * (ours @ candidates.T / TEMPERATURE).log_softmax(dim=1)).sum(dim=1).mean()


def class_loss(ours: Tensor, directions: Tensor, classes: Tensor) -> Tensor:
    """Cross-entropy of cosines to the classes' directions, over the pictures whose class is known.

    Args:
        ours: (n, d), of length 1.
        directions: (c, d).
        classes: int64 (n,), 0 to c - 1 or UNKNOWN.
    """
    logits = ours @ functional.normalize(directions).T / CLASS_TEMPERATURE
    return functional.cross_entropy(
        logits, classes, ignore_index=UNKNOWN, label_smoothing=CLASS_SMOOTHING
    )


def train_front(student: Student, batches: Batches, teacher_file: str, *, low: bool) -> None:
    """The front alone learns the teacher's feature map, on the same changed pixels."""
    theirs = teacher.front(teacher_file)
    optimizer = torch.optim.AdamW(student.front.parameters(), lr=4e-3, weight_decay=0.01)
    student.train()
    for step in range(FRONT_STEPS):
        for group in optimizer.param_groups:
            group["lr"] = 4e-3 * _schedule(step, FRONT_STEPS, 30)
        pixels, _, _ = batches.draw(step)
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            with torch.no_grad():
                wanted = theirs(pixels).float()
            found = student.front(pixels).float()
        loss = functional.mse_loss(found, wanted) / wanted.var()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 20 == 0:
            print(f"front {step}: {float(loss.detach()):.4f}", flush=True)


class Training:
    """The student, its average, the classes' directions and the optimiser, in one checkpoint."""

    def __init__(
        self, student: Student, directions: Tensor, rate: float, class_weight: float, path: str
    ) -> None:
        self.student = student
        self._class_weight = class_weight
        self.average = copy.deepcopy(student)
        self.directions = nn.Parameter(directions)
        self.optimizer = torch.optim.AdamW(
            _groups(student, self.directions, rate), weight_decay=0.02
        )
        self.step = 0
        self.round = 1
        self._path = path

    def resume(self, wanted: int) -> bool:
        """Take up the last checkpoint; whether there is one.

        A checkpoint of an earlier round than `wanted` gives its average as the beginning.
        """
        self.round = wanted
        if not os.path.exists(self._path):
            return False
        state = torch.load(self._path, weights_only=True)
        if state["round"] < wanted:
            self.student.load_state_dict(state["average"])
            self.average.load_state_dict(state["average"])
            self._take_directions(state)
            return True
        self.student.load_state_dict(state["student"])
        self.average.load_state_dict(state["average"])
        self._take_directions(state)
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        return True

    def _take_directions(self, state: dict[str, Tensor]) -> None:
        with torch.no_grad():
            self.directions.copy_(state["directions"])

    def save(self) -> None:
        """Replace the checkpoint in one move."""
        state = {
            "round": self.round,
            "step": self.step,
            "student": self.student.state_dict(),
            "average": self.average.state_dict(),
            "directions": self.directions.detach(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, f"{self._path}.new")
        os.replace(f"{self._path}.new", self._path)

    def advance(self, batches: Batches, steps: int, *, low: bool) -> tuple[float, float, float]:
        """One step of `steps`.

        Returns:
            The three losses.
        """
        self.student.train()
        for group in self.optimizer.param_groups:
            group["lr"] = group["top"] * _schedule(self.step, steps, 200)
        seed = self.round * 10**7 + self.step
        pixels, targets, classes = batches.draw(seed)
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            raw = self.student(pixels)
        ours = functional.normalize(raw.float())
        cosine = (1 - (ours * targets).sum(dim=1)).mean()
        neighbours = similarity_loss(ours, targets, batches.bank(seed))
        labels = class_loss(ours, self.directions, classes)
        loss = 4 * cosine + neighbours + self._class_weight * labels
        if not math.isfinite(float(loss.detach())):
            raise SystemExit(f"the loss is not finite at step {self.step}; lower --rate")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.student.parameters(), 2.0)
        self.optimizer.step()
        if self.step % FOLLOWS == 0:
            kept = min(AVERAGE, (1 + self.step) / (10 + self.step)) if self.round == 1 else AVERAGE
            _follow(self.average, self.student, kept**FOLLOWS)
        self.step += 1
        return float(cosine.detach()), float(neighbours.detach()), float(labels.detach())


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Distil the bundled encoder.")
    parser.add_argument("work")
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--steps", type=int, default=4800)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--round", type=int, default=1, help="begins from the average of the last")
    parser.add_argument("--strong", type=float, default=0.5)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--classes", type=float, default=0.35, help="weight of the class loss")
    given = parser.parse_args()
    keep_memory()
    torch.manual_seed(0)
    low = choose_compute().low_precision
    teacher_file = locate(given.teacher).file
    projection = _projection(given.work)
    large = open_pack(given.work, "large", LARGE, projection)
    small = open_pack(given.work, "small", SMALL, projection)
    batches = Batches(large, small, given.size, given.strong)
    student = Student()
    begin_as(student, teacher_file, projection)
    student = student.to(memory_format=torch.channels_last)
    prefer_fast_depthwise(student)
    checkpoint = os.path.join(given.work, "checkpoint.pt")
    training = Training(student, batches.class_means(), given.rate, given.classes, checkpoint)
    if training.resume(given.round):
        print(f"round {training.round}: going on after step {training.step}", flush=True)
    else:
        train_front(student, batches, teacher_file, low=low)
        settle_length(student, batches.validation()[0][:256])
        training.average.load_state_dict(student.state_dict())

    saved = told = time.monotonic()
    losses: list[tuple[float, float, float]] = []
    while training.step < given.steps:
        losses.append(training.advance(batches, given.steps, low=low))
        now = time.monotonic()
        if training.step % 50 == 0:
            cosine, neighbours, labels = np.mean(losses, axis=0)
            rate = len(losses) * (BATCH_LARGE + BATCH_SMALL) / (now - told)
            print(
                f"{training.step}: cosine {cosine:.4f} similarity {neighbours:.4f}"
                f" classes {labels:.4f}"
                f" {rate:.0f} pictures/s",
                flush=True,
            )
            losses, told = [], now
        if now - saved > SAVE_SECONDS or training.step == given.steps:
            saved = now
            training.save()
            fit = _validate(training.average, batches)
            print(f"{training.step}: validation cosine {fit:.4f}", flush=True)


def _projection(work: str) -> Projection:
    """From the teacher's embeddings of both packs, made once."""
    path = os.path.join(work, "projection.npz")
    if not os.path.exists(path):
        names = ("large-teacher.npy", "small-teacher.npy")
        large, small = (np.load(os.path.join(work, name), mmap_mode="r") for name in names)
        made = principal_directions(np.concatenate([large, small[::3]]))
        np.savez(path, mean=made.mean, directions=made.directions)
    kept = np.load(path)
    return Projection(kept["mean"], kept["directions"])


def _groups(student: Student, directions: nn.Parameter, rate: float) -> list[dict[str, object]]:
    """The front, which starts from nothing, learns faster than what the teacher gave."""
    shares = ((student.front, 2.0), (student.late, 0.5), (student.last, 0.5), (student.head, 0.5))
    parts: list[tuple[list[nn.Parameter], float]] = [(list(p.parameters()), s) for p, s in shares]
    parts.append(([directions], 1.0))
    return [{"params": params, "top": rate * share, "lr": 0.0} for params, share in parts]


def _schedule(step: int, steps: int, warm_up: int) -> float:
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def _follow(average: nn.Module, model: nn.Module, kept: float) -> None:
    with torch.no_grad():
        for ours, theirs in zip(
            average.state_dict().values(), model.state_dict().values(), strict=True
        ):
            if ours.is_floating_point():
                ours.lerp_(theirs, 1 - kept)
            else:
                ours.copy_(theirs)


def _validate(model: nn.Module, batches: Batches) -> float:
    model.eval()
    pixels, targets = batches.validation()
    with torch.inference_mode():
        ours = torch.cat([functional.normalize(model(part)) for part in torch.split(pixels, 128)])
    return float((ours * targets).sum(dim=1).mean())


def _compress(raw: NDArray[np.uint8], random: torch.Generator) -> None:
    """Some pictures pass through a poor JPEG, in place."""
    for picture in raw:
        if float(torch.rand((), generator=random)) < JPEG_SHARE:
            out = io.BytesIO()
            quality = int(torch.randint(15, 50, (), generator=random))
            Image.fromarray(picture).save(out, "JPEG", quality=quality)
            picture[:] = np.asarray(Image.open(out).convert("RGB"))


def _scaled(unit: Tensor) -> Tensor:
    return ((unit - 0.5) / 0.5).contiguous(memory_format=torch.channels_last)


if __name__ == "__main__":
    main()
