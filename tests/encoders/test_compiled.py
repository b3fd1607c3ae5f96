"""Compiled models that are kept for the next process."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lookalike.encoders import load
from lookalike.encoders.runtimes import compiled
from lookalike.encoders.runtimes.compiled import compiled_path, read_compiled, write_compiled
from tests.support.model import SIDE, make_model, spec_of


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    return tmp_path / "cache" / "compiled"


def test_what_is_altered_or_cut_is_not_read(cache: Path) -> None:
    path = compiled_path(spec_of("a" * 64), "openvino 1", "a processor", "fp32")
    assert read_compiled(path) is None
    write_compiled(path, b"compiled" * 100)
    assert read_compiled(path) == b"compiled" * 100
    data = bytearray(Path(path).read_bytes())
    Path(path).write_bytes(data[:-1])
    assert read_compiled(path) is None
    data[300] ^= 1
    Path(path).write_bytes(data)
    assert read_compiled(path) is None


def test_everything_that_decides_the_result_is_in_the_name(cache: Path) -> None:
    spec = spec_of("a" * 64)
    other_input = replace(spec, input=replace(spec.input, mean=(0.1, 0.5, 0.5)))
    paths = {
        compiled_path(spec, "openvino 1", "a processor", "fp32"),
        compiled_path(spec, "openvino 2", "a processor", "fp32"),
        compiled_path(spec, "openvino 1", "another processor", "fp32"),
        compiled_path(spec, "openvino 1", "a processor", "bf16"),
        compiled_path(spec_of("b" * 64), "openvino 1", "a processor", "fp32"),
        compiled_path(other_input, "openvino 1", "a processor", "fp32"),
        compiled_path(spec, "openvino 1", "a processor", "fp32", text=True),
    }
    assert len(paths) == 7


def test_the_oldest_go(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_KEPT", 3)
    for number in range(6):
        write_compiled(str(cache / f"{number}.bin"), b"x")
    assert len(list(cache.iterdir())) == 3


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    write_compiled(str(tmp_path / "file" / "a.bin"), b"x")


@pytest.mark.parametrize("spoilt", [False, True])
def test_the_next_encoder_embeds_the_same(cache: Path, tmp_path: Path, *, spoilt: bool) -> None:
    pytest.importorskip("openvino")
    model = make_model(tmp_path / "model")
    pixels = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)
    first = load(model, runtime="openvino", precision="fp32").embed(pixels)
    [kept] = cache.iterdir()
    if spoilt:
        # Its own hash is right, but it is no compiled model.
        write_compiled(str(kept), b"nothing" * 1000)
    before = kept.stat().st_mtime_ns
    second = load(model, runtime="openvino", precision="fp32").embed(pixels)
    np.testing.assert_array_equal(first, second)
    assert (kept.stat().st_mtime_ns == before) is not spoilt
