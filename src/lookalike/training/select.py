"""The last choices, made on the validation pictures: how much to blend, how soft to weigh."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from lookalike.encoders import InputSpec
from lookalike.training.augment import Augmentation, augment
from lookalike.training.loop import LabelledPixels
from lookalike.training.measure import Outputs, accuracy, nearest, outputs, retrieval
from lookalike.training.pixels import to_unit
from lookalike.training.weighting import TEMPERATURES, Classifier, WeightingName, weigh

_MOST = 2000
_CHANGED = 300
_CPU = torch.device("cpu")

KEPT = 0.9
"""Of the instance recall that the backbone had before training, this share has to stay."""


@dataclass(frozen=True, slots=True)
class BlendFigures:
    """What one share of the trained weights gives on the validation pictures.

    Attributes:
        share: of the trained weights; the rest is the backbone before training.
        accuracy: 0..1.
        map: mean average precision of the importance-weighted embedding, 0..1.
        instance_recall: share of augmented pictures whose nearest is their original, 0..1.
        chosen: whether it is what is exported.
    """

    share: float
    accuracy: float
    map: float
    instance_recall: float
    chosen: bool = False

    @property
    def score(self) -> float:
        """Classes told apart and classes found count alike."""
        return (self.accuracy + self.map) / 2


def choose_blend(
    model: Classifier,
    before: dict[str, Tensor],
    shares: tuple[float, ...],
    val: LabelledPixels,
    spec: InputSpec,
) -> list[BlendFigures]:
    """Blend a trained backbone with itself before training, in place.

    The share with the best accuracy and mAP is taken among those that keep `KEPT` of the
    backbone's instance recall; where none does, the one with the highest instance recall.

    Args:
        model: trained, on the CPU.
        before: the state of its body before training, on the CPU.
        shares: to choose from.
        val: validation pictures; 2,000 of them at most are used.
        spec: the model's input.

    Returns:
        What each share gave.
    """
    after = {key: value.clone() for key, value in model.body.state_dict().items()}
    some = torch.linspace(0, len(val) - 1, min(_MOST, len(val))).long().numpy()
    pixels, labels = val.take(some)
    unit = to_unit(pixels[:: max(1, len(pixels) // _CHANGED)])
    random = torch.Generator().manual_seed(0)
    gentle = Augmentation(smallest_crop=0.5, erase=0.0)
    changed = augment(unit, pixels.shape[1], gentle, random)
    copies = (changed * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()
    originals = torch.arange(0, len(pixels), max(1, len(pixels) // _CHANGED))

    def figures(share: float, weighting: WeightingName) -> BlendFigures:
        _blend(model, before, after, share)
        found = outputs(model, pixels, spec, device=_CPU, low_precision=False)
        queries = outputs(model, copies, spec, device=_CPU, low_precision=False)
        rows = model.head.weight.detach()
        gallery = weigh(found.embeddings, found.logits, rows, weighting)
        asked = weigh(queries.embeddings, queries.logits, rows, weighting)
        return BlendFigures(
            share,
            accuracy(found.logits, labels),
            retrieval(gallery, labels)[1],
            float((nearest(asked, gallery) == originals).float().mean()),
        )

    if len(shares) == 1:
        table = [figures(shares[0], "importance")]
        best = table[0]
    else:
        enough = KEPT * figures(0.0, "none").instance_recall
        table = [figures(share, "importance") for share in shares]
        keeping = [row for row in table if row.instance_recall >= enough]
        best = (
            max(keeping, key=lambda row: row.score)
            if keeping
            else max(table, key=lambda row: row.instance_recall)
        )
    _blend(model, before, after, best.share)
    return [BlendFigures(**{**asdict(row), "chosen": row is best}) for row in table]


def compare_weightings(found: Outputs, labels: Tensor, rows: Tensor) -> list[dict[str, Any]]:
    """P@10 and mAP of every weighting and temperature: one record each.

    Args:
        found: of n pictures.
        labels: int64 (n,).
        rows: float32 (classes, dimension), the last layer's weights.
    """
    tried: list[tuple[WeightingName, float]] = [("none", 1.0), ("published", 1.0)]
    tried += [("soft", temperature) for temperature in TEMPERATURES]
    tried += [("importance", temperature) for temperature in TEMPERATURES]
    table = []
    for name, temperature in tried:
        weighted = weigh(found.embeddings, found.logits, rows, name, temperature)
        precision, mean_average = retrieval(weighted, labels)
        table.append(
            {
                "weighting": name,
                "temperature": temperature,
                "precision_at_10": precision,
                "map": mean_average,
            }
        )
    return table


def best_temperature(table: list[dict[str, Any]], name: WeightingName) -> float:
    """The temperature with the best sum of P@10 and mAP, among the rows of one weighting."""
    rows = [row for row in table if row["weighting"] == name]
    return float(max(rows, key=lambda row: row["map"] + row["precision_at_10"])["temperature"])


def _blend(
    model: Classifier, before: dict[str, Tensor], after: dict[str, Tensor], share: float
) -> None:
    model.body.load_state_dict(
        {
            key: value if not value.is_floating_point() else torch.lerp(before[key], value, share)
            for key, value in after.items()
        }
    )
