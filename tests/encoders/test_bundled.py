"""The encoder that comes with the program: there, whole, small, and the default."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.decode import from_image
from lookalike.encoders import BUNDLED, DEFAULT_MODEL, load, locate
from tests.conftest import PROJECT
from tests.support.process import run_json


def _drawn(folder: Path, count: int) -> list[Path]:
    """Pictures of coloured blobs, each unlike the others."""
    rng = np.random.default_rng(5)
    paths = []
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8))
        path = folder / f"{number}.jpg"
        coarse.resize((210, 150), Image.Resampling.BICUBIC).save(path, quality=92)
        paths.append(path)
    return paths


def test_it_is_small_and_its_record_fits() -> None:
    found = locate("compact")
    assert DEFAULT_MODEL == "compact"
    assert os.path.getsize(found.file) <= 6_000_000
    assert found.source == "compact"
    assert found.spec.license == "Apache-2.0"


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_a_changed_copy_finds_its_original(runtime: str, tmp_path: Path) -> None:
    encoder = load("compact", runtime=runtime, precision="fp32")
    images = [Image.open(path).convert("RGB") for path in _drawn(tmp_path, 24)]
    turned = [image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((64, 46)) for image in images]

    def embed(pictures: list[Image.Image]) -> np.ndarray:
        decoded = [from_image(picture) for picture in pictures]
        return encoder.embed(np.stack([encoder.prepare(picture) for picture in decoded]))

    nearest = (embed(turned) @ embed(images).T).argmax(axis=1)
    assert nearest.tolist() == list(range(24))


def test_both_runtimes_agree(tmp_path: Path) -> None:
    pictures = [from_image(Image.open(path)) for path in _drawn(tmp_path, 8)]
    found = []
    for runtime in ("openvino", "onnxruntime"):
        encoder = load("compact", runtime=runtime, precision="fp32")
        found.append(encoder.embed(np.stack([encoder.prepare(picture) for picture in pictures])))
    assert (found[0] * found[1]).sum(axis=1).min() >= 0.9999


def test_it_is_what_a_new_collection_has_without_a_network(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    paths = _drawn(folder, 6)
    where = tmp_path / "c"
    assert run_json("index", folder, "-c", where)["added"] == 6
    assert run_json("status", "-c", where)["model"]["name"] == "compact"
    assert run_json("search", paths[3], "-c", where)["hits"][0]["path"] == str(paths[3])


def test_it_is_listed(tmp_path: Path) -> None:
    first = run_json("models", "list")["models"][0]
    assert (first["name"], first["downloaded"]) == ("compact", True)


def test_it_is_in_the_wheel(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="the build tool is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = {item.filename: item.file_size for item in archive.infolist()}
        place = "lookalike/encoders/bundled/compact"
        spec = json.loads(archive.read(f"{place}/model.json"))
    assert inside[f"{place}/model.onnx"] == os.path.getsize(locate("compact").file)
    assert spec["sha256"] == locate("compact").spec.sha256
    assert set(BUNDLED) == {"compact"}
