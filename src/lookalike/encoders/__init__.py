"""Encoders: pictures in, L2-normalised embeddings out.

One frozen record a model (`spec`), a catalogue of known ones, the download, the runtimes, and
the only code that resizes, scales and normalises (`preprocess`, `encoder`).
"""

from lookalike.encoders.catalogue import BUNDLED, CATALOGUE, DEFAULT_MODEL, CatalogueEntry
from lookalike.encoders.encoder import Encoder
from lookalike.encoders.likeness import ScoreCalibration
from lookalike.encoders.locate import LocatedModel, load, locate
from lookalike.encoders.runtimes import cores, gpu_runtime
from lookalike.encoders.spec import (
    EmbeddingSpec,
    EncoderIdentity,
    InputSpec,
    LogitsSpec,
    ModelSpec,
    TextSpec,
    file_sha256,
    identity,
    read_spec,
    write_spec,
)

__all__ = [
    "BUNDLED",
    "CATALOGUE",
    "DEFAULT_MODEL",
    "CatalogueEntry",
    "EmbeddingSpec",
    "Encoder",
    "EncoderIdentity",
    "InputSpec",
    "LocatedModel",
    "LogitsSpec",
    "ModelSpec",
    "ScoreCalibration",
    "TextSpec",
    "cores",
    "file_sha256",
    "gpu_runtime",
    "identity",
    "load",
    "locate",
    "read_spec",
    "write_spec",
]
