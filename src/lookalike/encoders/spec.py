"""The frozen record of an encoder: its file, its preprocessing, its outputs.

Weights and preprocessing live in one record so that they cannot drift apart. On disk it is
`model.json` beside `model.onnx`; docs/formats.md describes every field.
"""

import hashlib
import math
import os
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import msgspec

from lookalike.encoders.likeness import ScoreCalibration
from lookalike.errors import ModelSpecError

FORMAT = 1
SPEC_FILE = "model.json"
MAX_CONTEXT = 8192

Resize = Literal["stretch", "crop"]
Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos"]

EXAMPLE = """{
  "format": 1,
  "name": "my-model",
  "file": "model.onnx",
  "sha256": "<sha256 of model.onnx>",
  "input": {"name": "pixel_values", "width": 224, "height": 224, "resize": "stretch",
            "interpolation": "bilinear", "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225]},
  "embedding": {"output": "embedding", "dimension": 2048}
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """How a picture becomes the graph's input, float32 (n, 3, height, width), RGB.

    Pixels are scaled to 0..1, then `(x - mean) / std` a channel.

    Attributes:
        name: the graph's input; None means its only one.
        resize: "stretch" takes the whole picture to width x height; "crop" takes the shortest
            side to `size / crop_fraction`, keeping proportions, then the centre.
    """

    width: int
    height: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    name: str | None = None
    resize: Resize = "stretch"
    interpolation: Interpolation = "bilinear"
    crop_fraction: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSpec:
    """The graph's embedding output, (n, dimension) or (n, dimension, 1, 1), not normalised.

    `output` None means the graph's first output.
    """

    dimension: int
    output: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogitsSpec:
    """The graph's class scores before softmax, (n, classes), where it has them."""

    output: str
    classes: list[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSpec:
    """The side that takes words: a second graph, whose embeddings lie in the pictures' space.

    Attributes:
        file: its ONNX file, token ids (n, context) in, (n, dimension) out, not normalised.
        sha256: of that file.
        tokenizer_sha256: of the tokenizer's file.
        context: tokens that the graph takes; of longer texts the rest is cut off, but the tokens
            that begin and end every text stay.
        tokenizer: the tokenizer's file, as the library tokenizers writes it.
        pad: the id that fills up shorter texts.
        input_ids: the graph's input of ids, whole numbers.
        attention_mask: its input that tells tokens, 1, from filling, 0, where it has one.
        output: the graph's embedding; None means its first output.
    """

    file: str
    sha256: str
    tokenizer_sha256: str
    context: int
    tokenizer: str = "tokenizer.json"
    pad: int = 0
    input_ids: str = "input_ids"
    attention_mask: str = "attention_mask"
    output: str | None = None

    @property
    def identity(self) -> str:
        """Stands for everything that decides an embedding of words; 64 hex digits."""
        decides = replace(self, file="", tokenizer="")
        return hashlib.sha256(msgspec.json.encode(decides)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimization:
    """How a version of reduced precision was made from an original, and how far it strays.

    Attributes:
        precision: the arithmetic, such as "int8".
        original_sha256: of the original's file.
        calibrated_with: number of pictures.
        measured_with: number of other pictures, whose embeddings were compared.
        mean_cosine: between their embeddings in both versions.
        minimum_cosine: the same, of the picture that strays furthest.
    """

    precision: str
    original_sha256: str
    calibrated_with: int
    measured_with: int
    mean_cosine: float
    minimum_cosine: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """Everything that decides an embedding, and where the model came from.

    Attributes:
        external_data: sha256 of each file beside `file` that holds weights of a
            graph, by its plain name.
        text: the side that takes words, where it has one.
        training: free-form: how a fine-tuned encoder was made.
    """

    name: str
    file: str
    sha256: str
    input: InputSpec
    embedding: EmbeddingSpec
    format: int = FORMAT
    description: str = ""
    license: str = ""
    source: str = ""
    logits: LogitsSpec | None = None
    text: TextSpec | None = None
    training: dict[str, Any] | None = None
    optimized: Optimization | None = None
    external_data: dict[str, str] | None = None
    calibration: ScoreCalibration | None = None

    @property
    def weights(self) -> str:
        """The sha256 that stands for the picture side's files: of the one file where it is one."""
        if not self.external_data:
            return self.sha256
        others = sorted(self.external_data.items())
        files = [self.sha256, *(f"{sha256} {name}" for name, sha256 in others)]
        return hashlib.sha256("\n".join(files).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderIdentity:
    """What a collection remembers of its encoder: embeddings compare only if these are equal.

    Attributes:
        text: `TextSpec.identity`; None where it has no text side.
    """

    name: str
    sha256: str
    dimension: int
    preprocessing: InputSpec
    text: str | None = None

    def same_embeddings(self, other: "EncoderIdentity") -> bool:
        """Whether embeddings of both can be compared; the name alone does not matter.

        One of them may be without words, which then cannot be searched by.
        """
        if None not in (self.text, other.text) and self.text != other.text:
            return False
        return (self.sha256, self.dimension, self.preprocessing) == (
            other.sha256,
            other.dimension,
            other.preprocessing,
        )


def identity(spec: ModelSpec) -> EncoderIdentity:
    """The identity of the encoder that `spec` describes."""
    return EncoderIdentity(
        name=spec.name,
        sha256=spec.weights,
        dimension=spec.embedding.dimension,
        preprocessing=spec.input,
        text=None if spec.text is None else spec.text.identity,
    )


def read_spec(path: str) -> ModelSpec:
    """Read and check a `model.json`.

    Raises:
        ModelSpecError: the file is missing, is not JSON, lacks a field or holds an absurd value.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise ModelSpecError(
            f"cannot read the model's spec {path}: {error.strerror}; it should look like\n{EXAMPLE}"
        ) from error
    try:
        spec = msgspec.json.decode(data, type=ModelSpec)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelSpecError(
            f"{path} is not a model spec ({error}); see docs/formats.md"
        ) from error
    problem = _problem(spec)
    if problem:
        raise ModelSpecError(f"{path} is not a usable model spec: {problem}")
    return spec


def write_spec(spec: ModelSpec, folder: str) -> str:
    """Write `spec` as `model.json` into `folder` and return its path.

    Raises:
        ModelSpecError: the spec holds an absurd value.
    """
    problem = _problem(spec)
    if problem:
        raise ModelSpecError(f"refusing to write the spec of {spec.name}: {problem}")
    record = {key: value for key, value in asdict(spec).items() if value is not None}
    path = os.path.join(folder, SPEC_FILE)
    with open(path, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
    return path


def file_sha256(path: str) -> str:
    """The hex SHA-256 of a file.

    Raises:
        ModelSpecError: the file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelSpecError(f"cannot read the model file {path}: {error.strerror}") from error


def _problem(spec: ModelSpec) -> str | None:
    pixels, text = spec.input, spec.text
    files = [spec.file, *(spec.external_data or ())]
    digests = [spec.sha256, *(spec.external_data or {}).values()]
    if text is not None:
        files += [text.file, text.tokenizer]
        digests += [text.sha256, text.tokenizer_sha256]
    checks = [
        (spec.format == FORMAT, f"format {spec.format} is not {FORMAT}; update Lookalike"),
        (bool(spec.name.strip()), "the name is empty"),
        *(
            (_is_plain(file), f"file {file!r} has to be a plain name inside the model folder")
            for file in files
        ),
        (all(map(_is_sha256, digests)), "sha256 has to be 64 lower-case hex digits"),
        (
            text is None or 1 <= text.context <= MAX_CONTEXT,
            f"the context of text is not within 1..{MAX_CONTEXT}",
        ),
        (text is None or 0 <= text.pad < 2**31, "pad is not within 0..2^31"),
        (
            1 <= pixels.width <= 4096 and 1 <= pixels.height <= 4096,
            f"input size {pixels.width}x{pixels.height} is not within 1..4096",
        ),
        (all(math.isfinite(value) for value in pixels.mean), "mean has to be finite"),
        (all(0 < value < math.inf for value in pixels.std), "std has to be positive and finite"),
        (0 < pixels.crop_fraction <= 1, "crop_fraction has to be above 0 and at most 1"),
        (
            1 <= spec.embedding.dimension <= 65536,
            f"dimension {spec.embedding.dimension} is not within 1..65536",
        ),
    ]
    if spec.calibration is not None and (problem := spec.calibration.problem()):
        return problem
    return next((sentence for fine, sentence in checks if not fine), None)


def _is_plain(name: str) -> bool:
    """Whether it names a file in a folder, on any system."""
    return name not in ("", ".", "..") and name.isprintable() and not set(name) & set("/\\:")


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
