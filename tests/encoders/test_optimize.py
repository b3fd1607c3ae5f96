"""int8 versions: an encoder of their own, kept only where embeddings hold."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lookalike.encoders import identity, load, locate, optimize, read_spec
from lookalike.encoders.samples import prepared_samples
from lookalike.errors import EncoderError, SourceError
from tests.support.model import make_model
from tests.support.pictures import write_gallery


def pictures(folder: Path, count: int) -> Path:
    write_gallery(folder, count)
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


def test_an_int8_version_is_an_encoder_of_its_own(tmp_path: Path) -> None:
    pytest.importorskip("nncf")
    model = make_model(tmp_path / "model")
    samples = pictures(tmp_path / "samples", 48)
    # In a process of its own: NNCF warns, and brings along what no other test should have.
    command = [sys.executable, "-m", "lookalike", "models", "optimize", str(model), "--json"]
    done = subprocess.run(
        [*command, "--samples", str(samples), "--out", str(tmp_path / "int8")],
        capture_output=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr.decode()
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["calibrated_with"] + answer["measured_with"] == 48
    spec = read_spec(str(tmp_path / "int8" / "model.json"))
    assert spec.optimized is not None
    assert spec.optimized.original_sha256 == locate(model).spec.sha256
    assert not identity(spec).same_embeddings(identity(locate(model).spec))
    encoder, original = load(tmp_path / "int8"), load(model)
    batch = np.stack(prepared_samples(original, str(samples), 8))
    similar = (encoder.embed(batch) * original.embed(batch)).sum(axis=1)
    assert similar.mean() >= optimize.MINIMUM_MEAN_COSINE
    with pytest.raises(EncoderError, match="int8 version already"):
        optimize.optimize(locate(tmp_path / "int8"), list(batch) * 8, str(tmp_path / "again"))
    with pytest.raises(EncoderError, match="a model in"):
        optimize.optimize(locate(model), list(batch) * 8, str(tmp_path / "int8"))


def test_too_few_pictures_are_refused(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    few = prepared_samples(load(model), str(pictures(tmp_path / "samples", 5)))
    assert len(few) == 5, "the broken one is left out"
    with pytest.raises(EncoderError, match="too few"):
        optimize.optimize(locate(model), few, str(tmp_path / "int8"))
    assert not (tmp_path / "int8").exists()


def test_samples_are_spread_over_the_folder_and_bounded(tmp_path: Path) -> None:
    encoder = load(make_model(tmp_path / "model"))
    write_gallery(tmp_path / "samples", 20)
    assert len(prepared_samples(encoder, str(tmp_path / "samples"), 6)) == 6
    with pytest.raises(SourceError, match="no folder"):
        prepared_samples(encoder, str(tmp_path / "nowhere"))
