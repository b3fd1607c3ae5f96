"""The text side of an encoder: words to tokens, tokens to embeddings in the pictures' space."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lookalike.encoders.runtimes import TextRuntime, choose
from lookalike.encoders.runtimes.ports import text_of
from lookalike.encoders.spec import ModelSpec, TextSpec
from lookalike.errors import EncoderError, ModelSpecError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MOST_BYTES = 64 * 2**20
"""Of a tokenizer's file: the largest vocabularies take a quarter of it."""


@dataclass(frozen=True, slots=True)
class TextFiles:
    """Where the files of a text side are: its ONNX file and its tokenizer's."""

    graph: str
    tokenizer: str


class Words:
    """A text side ready to encode; opened with the first text. Safe to use from several threads.

    It computes in fp32: a query is one text, which takes milliseconds in any precision.

    Args:
        spec: the model's record, with its `text`.
        files: what that record describes.
        runtime: the name of an installed runtime.
    """

    def __init__(self, spec: ModelSpec, files: TextFiles, runtime: str) -> None:
        self._spec = spec
        self._text = text_of(spec)
        self._files = files
        self._runtime_name = runtime
        self._opening = threading.Lock()
        self._opened: tuple[Tokenizer, TextRuntime] | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The graph's output for each text, (n, dimension) float32, not normalised.

        Raises:
            EncoderError: inference failed.
            ModelSpecError: a file does not fit the spec.
        """
        tokenizer, runtime = self._open()
        rows = []
        for text in texts:
            # What no encoding of text has, half a pair of UTF-16, the library cannot take.
            tokens = tokenizer.encode(text.encode("utf-8", "replace").decode())
            ids, mask = (np.array([row], np.int64) for row in (tokens.ids, tokens.attention_mask))
            row = runtime.run(ids, mask)
            if row.shape != (1, self._spec.embedding.dimension):
                raise EncoderError(
                    f"the text side of {self._spec.name} gave an embedding of dimension "
                    f"{row.shape[1]}, but its spec says {self._spec.embedding.dimension}; correct "
                    "the spec"
                )
            rows.append(row)
        return np.concatenate(rows)

    def _open(self) -> "tuple[Tokenizer, TextRuntime]":
        with self._opening:
            if self._opened is None:
                runtime = choose(self._runtime_name).compile_text(self._spec, self._files.graph)
                self._opened = (open_tokenizer(self._files.tokenizer, self._text), runtime)
            return self._opened


def open_tokenizer(file: str, text: TextSpec) -> "Tokenizer":
    """A tokenizer that gives exactly `context` ids, whatever its file says of length.

    Raises:
        ModelSpecError: it is no tokenizer's file, or cannot be read.
    """
    from tokenizers import Tokenizer

    try:
        size = os.path.getsize(file)
    except OSError as error:
        raise ModelSpecError(f"cannot read the tokenizer {file}: {error.strerror}") from error
    if size > _MOST_BYTES:
        raise ModelSpecError(f"{file} is larger than any tokenizer ({_MOST_BYTES:,} bytes)")
    try:
        tokenizer = Tokenizer.from_file(file)
        tokenizer.enable_truncation(text.context)
        tokenizer.enable_padding(length=text.context, pad_id=text.pad)
    except Exception as error:  # the library raises nothing more precise
        raise ModelSpecError(f"{file} is no tokenizer that can be used: {error}") from error
    return tokenizer
