"""Our embeddings of the shared MobileNet against golden ones from an independent path."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.decode import decode, from_image
from lookalike.encoders import load

from ..golden.make_mobilenet import DRAWN, FILE, drawn
from .models import cosines

_GOLDEN = np.load(FILE)


def test_the_drawn_pictures_are_the_same_ones() -> None:
    seen = [hashlib.sha256(drawn(n).tobytes()).hexdigest() for n in range(len(DRAWN))]
    assert seen == _GOLDEN["drawn_sha256"].tolist()


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_embeddings_are_the_golden_ones(runtime: str, shared: Path, mobilenet: Path) -> None:
    encoder = load(mobilenet, runtime=runtime, precision="fp32")
    assert encoder.spec.sha256 == str(_GOLDEN["model_sha256"])
    pictures = [from_image(Image.fromarray(drawn(n))) for n in range(len(DRAWN))]
    for name, sha256 in zip(_GOLDEN["intel"], _GOLDEN["intel_sha256"], strict=True):
        data = (shared / "data" / "intel" / "test" / str(name)).read_bytes()
        assert hashlib.sha256(data).hexdigest() == str(sha256)
        pictures.append(decode(data, at_least=encoder.decode_hint))
    seen = encoder.embed(np.stack([encoder.prepare(picture) for picture in pictures]))
    assert cosines(seen, _GOLDEN["embeddings"]).min() >= 0.9999


def test_golden_files_do_not_write_themselves() -> None:
    before = FILE.read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "tests.golden.make_mobilenet"],
        cwd=FILE.parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "exists" in done.stderr
    assert FILE.read_bytes() == before
