"""Files to embeddings: batches, bad files, encoders that refuse."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.decode import decode
from lookalike.encoders import load
from lookalike.errors import EncoderError
from lookalike.evaluation.embedding import BATCH, embed_files
from tests.support.encoder import CountingEncoder
from tests.support.pictures import encoded, write_gallery


def test_same_embeddings_as_one_by_one(tmp_path: Path, tiny_model: Path) -> None:
    encoder = load(tiny_model, precision="fp32")
    paths = list(map(str, write_gallery(tmp_path, 2 * BATCH + 3)))
    counted: list[int] = []
    found = embed_files(paths, encoder, counted.append)
    for path, vector in zip(paths, found.vectors, strict=True):
        pixels = encoder.prepare(decode(Path(path).read_bytes(), at_least=encoder.decode_hint))
        assert vector == pytest.approx(encoder.embed(pixels[None])[0], abs=1e-5)
    assert counted == [BATCH, BATCH, 3]
    assert found.usable.all()
    assert 0 < found.encode_seconds <= found.seconds


def test_a_bad_file_costs_itself_only(tmp_path: Path) -> None:
    paths = list(map(str, write_gallery(tmp_path, 20)))
    Path(paths[4]).write_bytes(encoded(4)[:200])
    Path(paths[17]).unlink()
    found = embed_files(paths, CountingEncoder(), lambda _: None)
    assert np.flatnonzero(~found.usable).tolist() == [4, 17]
    damaged, gone = found.skipped[4], found.skipped[17]
    assert damaged is not None
    assert damaged.path == paths[4]
    assert "damaged" in damaged.reason
    assert gone is not None
    assert "no such file" in gone.reason


def test_a_picture_that_the_encoder_refuses_costs_itself_only(tmp_path: Path) -> None:
    paths = list(map(str, write_gallery(tmp_path, 20)))
    Image.new("RGB", (40, 40)).save(tmp_path / "black.png")
    paths.insert(7, str(tmp_path / "black.png"))
    found = embed_files(paths, CountingEncoder(refuses=(0, 0)), lambda _: None)
    assert np.flatnonzero(~found.usable).tolist() == [7]


def test_an_encoder_that_refuses_everything_is_an_error(tmp_path: Path) -> None:
    paths = list(map(str, write_gallery(tmp_path, 3)))
    with pytest.raises(EncoderError, match="without a direction"):
        embed_files(paths, CountingEncoder(refuses=(0, 255)), lambda _: None)
