"""Every class weighting of one trained encoder, on labelled pictures, in one table.

    python -m benchmarks.weightings MODEL_FOLDER FOLDER [--instances 300] [--seed 0]

The exported graph gives the weighted embedding; here it is opened one step earlier, and the
embedding before weighting is weighed anew in each way. Pictures, changed copies and metrics are
those of `lookalike evaluate` with the same seed, in fp32.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from benchmarks.table import print_table
from lookalike.encoders import Encoder, LocatedModel, locate
from lookalike.encoders.encoder import normalise
from lookalike.evaluation import metrics
from lookalike.evaluation.embedding import embed_files
from lookalike.evaluation.instances import embed_changed, found_again, sample
from lookalike.evaluation.labelled import list_labelled
from lookalike.evaluation.ranking import leave_one_out
from lookalike.training import WeightingName, weigh
from lookalike.training.weighting import TEMPERATURES
from lookalike.types import Embeddings, Pixels


class OpenedEncoder(Encoder):
    """Gives the embedding before weighting and the logits, side by side, as one row a picture.

    `rows` is the last layer's weight, float32 (classes, dimension).
    """

    def __init__(self, model: LocatedModel) -> None:
        super().__init__(model.spec, model.file, precision="fp32")
        graph = onnx.load(model.file)
        head = next(node for node in graph.graph.node if "logits" in node.output)
        weights = {w.name: numpy_helper.to_array(w) for w in graph.graph.initializer}
        self.raw_name = head.input[0]
        self.rows = self._constant(graph, weights, head.input[1])
        graph.graph.output.append(onnx.ValueInfoProto(name=self.raw_name))
        self._session = onnxruntime.InferenceSession(
            graph.SerializeToString(), providers=["CPUExecutionProvider"]
        )

    @property
    def dimension(self) -> int:
        """Of the embedding and the logits together."""
        return int(self.rows.shape[1] + self.rows.shape[0])

    def embed(self, batch: Pixels) -> Embeddings:
        """As `Encoder.embed`, but (n, dimension of the embedding + classes), not normalised."""
        pixels = self.spec.input
        mean = np.asarray(pixels.mean, dtype=np.float32)
        std = np.asarray(pixels.std, dtype=np.float32)
        scaled = ((batch.astype(np.float32) / 255 - mean) / std).transpose(0, 3, 1, 2)
        name = self._session.get_inputs()[0].name
        found = self._session.run(
            [self.raw_name, "logits"], {name: np.ascontiguousarray(scaled, dtype=np.float32)}
        )
        return np.concatenate([np.asarray(part, dtype=np.float32) for part in found], axis=1)

    @staticmethod
    def _constant(
        graph: onnx.ModelProto, weights: dict[str, NDArray[np.float32]], name: str
    ) -> NDArray[np.float32]:
        """An initializer, which may be stored in fp16 behind a cast."""
        if name not in weights:
            name = next(node for node in graph.graph.node if name in node.output).input[0]
        return np.asarray(weights[name], dtype=np.float32)


def reweighed(
    encoder: OpenedEncoder, both: Embeddings, name: WeightingName, temperature: float
) -> Embeddings:
    """Rows of `OpenedEncoder.embed`, weighed and L2-normalised: (n, dimension)."""
    size = encoder.rows.shape[1]
    weighed = weigh(
        torch.from_numpy(both[:, :size]),
        torch.from_numpy(both[:, size:]),
        torch.from_numpy(encoder.rows),
        name,
        temperature,
    )
    return normalise(weighed.numpy())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--instances", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    encoder = OpenedEncoder(locate(args.model))
    folder = list_labelled(args.folder)
    embedded = embed_files(folder.paths, encoder, lambda _: None)
    if not embedded.usable.all():
        raise SystemExit("some pictures cannot be used; see lookalike evaluate")
    own = sample(len(folder.paths), args.instances, args.seed)
    paths = [folder.paths[row] for row in own]
    [changed] = embed_changed(paths, [encoder], args.seed, lambda _: None)
    contents = np.unique(embedded.digests, return_inverse=True)[1]

    forms: list[tuple[WeightingName, float]] = [("none", 1.0), ("published", 1.0)]
    forms += [(name, t) for t in TEMPERATURES for name in ("soft", "importance")]
    rows = []
    for name, temperature in forms:
        gallery = reweighed(encoder, embedded.vectors, name, temperature)
        blocks = [block.relevant for block in leave_one_out(gallery, folder.labels)]
        relevant = np.concatenate(blocks)
        recalls = [
            float(
                found_again(
                    reweighed(encoder, copies, name, temperature), gallery, own, contents
                ).mean()
            )
            for copies in changed.values()
        ]
        figures = [
            metrics.mean(metrics.nearest_is_right(relevant)),
            metrics.mean(metrics.precision_at(relevant, 10)),
            metrics.mean(metrics.average_precision(relevant)),
            float(np.mean(recalls)),
            *recalls,
        ]
        suffix = f", T = {temperature:g}" if name in ("soft", "importance") else ""
        rows.append([name + suffix, *(f"{figure:.3f}" for figure in figures)])
    print_table(["weighting", "1-NN", "P@10", "mAP", "instance recall@1", *changed], rows)

    predicted = embedded.vectors[:, encoder.rows.shape[1] :].argmax(axis=1)
    print(f"\naccuracy {(predicted == folder.labels).mean():.4f}\n")
    confusion = np.zeros((len(folder.classes), len(folder.classes)), dtype=np.int64)
    np.add.at(confusion, (folder.labels, predicted), 1)
    print_table(
        ["class, as predicted", *folder.classes],
        [
            [name, *map(str, row)]
            for name, row in zip(folder.classes, confusion.tolist(), strict=True)
        ],
    )


if __name__ == "__main__":
    main()
