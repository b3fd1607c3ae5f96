"""Pictures to L2-normalised embeddings."""

import threading
from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from lookalike.decode import Picture
from lookalike.encoders.gathering import MOST, Gathering
from lookalike.encoders.precision import settle
from lookalike.encoders.preprocess import decode_hint, to_pixels
from lookalike.encoders.runtimes import Precision, Runtime, choose, gpu_runtime, lanes, resolve
from lookalike.encoders.spec import EncoderIdentity, ModelSpec, identity
from lookalike.encoders.words import TextFiles, Words
from lookalike.errors import EncoderError, RuntimeUnavailableError
from lookalike.types import Embeddings, Pixels


class Encoder:
    """A model ready to encode; compiled with the first batch. Safe to use from several threads.

    Args:
        spec: its record.
        file: path of the ONNX file that the record describes.
        text: the files of its text side; None where it shall have none.
        runtime: "auto", "openvino" or "onnxruntime".
        precision: "fp32", "bf16", or "auto": bf16 where the CPU computes it natively and no
            slower, and this model's embeddings stay within cosine 0.999 of fp32, else fp32.
        threads: how many to compute a batch in; None is one a core.

    Raises:
        RuntimeUnavailableError: the runtime is not installed, or the precision is not known.
    """

    def __init__(
        self,
        spec: ModelSpec,
        file: str,
        text: TextFiles | None = None,
        *,
        runtime: str = "auto",
        precision: str = "auto",
        threads: int | None = None,
    ) -> None:
        if precision not in ("auto", *get_args(Precision)):
            raise RuntimeUnavailableError(
                f"no precision {precision!r}; there are auto, {', '.join(get_args(Precision))}"
            )
        self.spec = spec
        self.file = file
        self._runtime_name = resolve(runtime)
        self.runtime_asked = runtime
        self.precision_asked = precision
        self._threads = threads
        self._runtime: Runtime | None = None
        self._lane: Runtime | None = None
        self._compiling = threading.Lock()
        self._lanes = lanes(self._runtime_name, threads)
        self._gathering = Gathering(self._embed, self._lanes)
        self._words = None if text is None else Words(spec, text, self._runtime_name)

    @property
    def identity(self) -> EncoderIdentity:
        """What a collection remembers of this encoder."""
        return identity(self.spec)

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        return self.spec.embedding.dimension

    @property
    def precision(self) -> str:
        """The precision computed in; "auto" until the first batch has settled it."""
        return self._runtime.precision if self._runtime else self.precision_asked

    @property
    def uses_gpu(self) -> bool:
        """Whether a GPU computes the embeddings."""
        return self._runtime_name == gpu_runtime()

    @property
    def decode_hint(self) -> int:
        """Pixels that each side of a decoded picture should keep, for `decode(at_least=...)`."""
        return decode_hint(self.spec.input)

    def prepare(self, picture: Picture) -> Pixels:
        """Resize a picture to what the model sees: RGB uint8 (height, width, 3)."""
        return to_pixels(picture, self.spec.input)

    def embed(self, batch: Pixels) -> Embeddings:
        """Embed prepared pictures.

        Args:
            batch: RGB uint8 (n, height, width, 3), n >= 1, as `prepare` makes them.

        Returns:
            (n, dimension) float32, each row of length 1.

        Raises:
            EncoderError: inference failed, or an embedding has no direction (all zero, NaN or
                infinite).
            ModelSpecError: the model file does not fit its spec.
        """
        if len(batch) >= MOST:
            return self._embed(batch, alone=True)
        return self._gathering.embed(batch)

    def embed_text(self, texts: Sequence[str]) -> Embeddings:
        """Embed words into the space of the pictures.

        Args:
            texts: one or more; what is beyond the model's context is cut off.

        Returns:
            (n, dimension) float32, each row of length 1.

        Raises:
            EncoderError: the model has no text side, inference failed, or an embedding has no
                direction.
            ModelSpecError: the files of the text side do not fit its spec.
        """
        if self._words is None:
            raise EncoderError(f"{self.spec.name} has no text side: it understands no words")
        return normalise(self._words.embed(texts))

    def _embed(self, batch: Pixels, alone: bool) -> Embeddings:
        runtime = self._compiled(batch)
        if not alone and self._lanes > 1:
            runtime = self._compiled_lane(runtime.precision)
        raw = runtime.run(batch)
        if raw.shape != (len(batch), self.dimension):
            raise EncoderError(
                f"{self.spec.name} gave embeddings of dimension {raw.shape[1]}, but its spec says "
                f"{self.dimension}; correct the spec"
            )
        return normalise(raw)

    def _compiled(self, batch: Pixels) -> Runtime:
        if self._runtime is None:
            with self._compiling:
                if self._runtime is None:
                    self._runtime = self._compile(batch)
        return self._runtime

    def _compiled_lane(self, precision: Precision) -> Runtime:
        """For one of several batches at a time, each on its share of the cores."""
        if self._lane is None:
            with self._compiling:
                if self._lane is None:
                    factory = choose(self._runtime_name, self._threads)
                    self._lane = factory.compile(self.spec, self.file, precision, self._lanes)
        return self._lane

    def _compile(self, batch: Pixels) -> Runtime:
        factory = choose(self._runtime_name, self._threads)
        if self.precision_asked == "auto":
            return settle(factory, self.spec, self.file, batch)
        native = factory.precisions()
        for precision in native:
            if precision == self.precision_asked:
                return factory.compile(self.spec, self.file, precision)
        raise RuntimeUnavailableError(
            f"{factory.name} has no {self.precision_asked} on this machine; "
            f"available: {', '.join(native)}"
        )


def normalise(raw: NDArray[np.float32]) -> Embeddings:
    """Scale each row to length 1.

    Raises:
        EncoderError: a row is all zero, or not finite.
    """
    lengths = np.linalg.norm(raw.astype(np.float64), axis=1, keepdims=True)
    if not np.all(np.isfinite(lengths)) or np.any(lengths < 1e-12):
        raise EncoderError("the encoder gave an embedding without a direction (zero or not finite)")
    return np.asarray(raw / lengths, dtype=np.float32)
