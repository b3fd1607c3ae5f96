"""An encoder in NumPy that counts: no runtime to start, no model file to read."""

import numpy as np

from lookalike.encoders import Encoder
from lookalike.encoders.encoder import normalise
from lookalike.errors import EncoderError
from lookalike.types import Embeddings, Pixels
from tests.support.model import DIMENSION, SIDE, spec_of


class CountingEncoder(Encoder):
    """Embeds by a fixed random projection, and remembers how many pictures it was given.

    Pictures whose mean brightness lies in `refuses` (low, high) make it fail.
    """

    def __init__(self, refuses: tuple[float, float] | None = None) -> None:
        super().__init__(spec_of("0" * 64), "nowhere/model.onnx")
        rng = np.random.default_rng(3)
        self._projection = rng.normal(size=(SIDE * SIDE * 3, DIMENSION)).astype(np.float32)
        self._refuses = refuses
        self.seen = 0

    def embed(self, batch: Pixels) -> Embeddings:
        if self._refuses is not None:
            low, high = self._refuses
            if any(low <= float(pixels.mean()) <= high for pixels in batch):
                raise EncoderError("the encoder gave an embedding without a direction")
        self.seen += len(batch)
        flat = batch.reshape(len(batch), -1).astype(np.float32) / np.float32(127.5) - 1
        return normalise(np.asarray(flat @ self._projection, dtype=np.float32))
