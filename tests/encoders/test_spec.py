import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lookalike.encoders import (
    EmbeddingSpec,
    EncoderIdentity,
    InputSpec,
    LogitsSpec,
    ModelSpec,
    TextSpec,
    identity,
    read_spec,
    write_spec,
)
from lookalike.errors import ModelSpecError

from .models import spec_fields

_SPEC = ModelSpec(
    name="tiny",
    file="model.onnx",
    sha256="0" * 64,
    input=InputSpec(width=32, height=32, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
    embedding=EmbeddingSpec(dimension=12),
)


def _written(folder: Path, fields: object) -> str:
    path = folder / "model.json"
    path.write_text(json.dumps(fields))
    return str(path)


def test_the_shared_model(mobilenet: Path) -> None:
    spec = read_spec(os.path.join(mobilenet, "model.json"))
    assert spec.name == "mobilenet-edgetpu"
    assert spec.sha256.startswith("e7eb44d8")
    assert spec.input == InputSpec(
        name="pixel_values",
        width=224,
        height=224,
        resize="stretch",
        interpolation="bilinear",
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    )
    assert spec.embedding == EmbeddingSpec(output="embedding", dimension=1280)
    assert spec.logits == LogitsSpec(output="logits", classes=None)
    assert spec.license == "Apache-2.0"


def test_unknown_fields_are_ignored_and_optional_ones_have_defaults(tmp_path: Path) -> None:
    fields = spec_fields(b"", sound={"file": "sound.onnx"}, input__antialias=True)
    for name in ("name", "resize", "interpolation"):
        del fields["input"][name]
    del fields["embedding"]["output"]
    spec = read_spec(_written(tmp_path, fields))
    assert (spec.input.name, spec.input.resize, spec.input.interpolation) == (
        None,
        "stretch",
        "bilinear",
    )
    assert spec.embedding.output is None
    assert (spec.license, spec.logits, spec.text, spec.training) == ("", None, None, None)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 2}, "format 2 is not 1; update Lookalike"),
        ({"format": "1"}, r"Expected `int`, got `str` - at `\$.format`"),
        ({"name": "  "}, "the name is empty"),
        ({"name": None}, r"Expected `str`, got `null` - at `\$.name`"),
        ({"file": "../model.onnx"}, "has to be a plain name inside the model folder"),
        ({"file": "/etc/passwd"}, "has to be a plain name inside the model folder"),
        ({"file": "sub/model.onnx"}, "has to be a plain name inside the model folder"),
        ({"file": ".."}, "has to be a plain name inside the model folder"),
        ({"file": ""}, "has to be a plain name inside the model folder"),
        ({"file": "model\0.onnx"}, "has to be a plain name inside the model folder"),
        ({"sha256": "E7" * 32}, "sha256 has to be 64 lower-case hex digits"),
        ({"sha256": "e7"}, "sha256 has to be 64 lower-case hex digits"),
        ({"input__width": 0}, "input size 0x32 is not within 1..4096"),
        ({"input__height": 5000}, "input size 32x5000 is not within 1..4096"),
        ({"input__width": 2.5}, r"Expected `int`, got `float` - at `\$.input.width`"),
        ({"input__std": [0.5, 0, 0.5]}, "std has to be positive"),
        ({"input__std": [0.5, 0.5]}, r"\$.input.std"),
        ({"input__mean": "grey"}, r"\$.input.mean"),
        ({"input__resize": "fit"}, r"\$.input.resize"),
        ({"input__interpolation": "area"}, r"\$.input.interpolation"),
        ({"input__crop_fraction": 0}, "crop_fraction has to be above 0 and at most 1"),
        ({"input__crop_fraction": 1.5}, "crop_fraction has to be above 0 and at most 1"),
        ({"embedding__dimension": 0}, "dimension 0 is not within 1..65536"),
        ({"embedding": {"output": "x"}}, "missing required field `dimension`"),
        ({"logits": {"classes": []}}, "missing required field `output`"),
    ],
)
def test_each_bad_field_has_its_sentence(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    path = _written(tmp_path, spec_fields(b"", **change))
    with pytest.raises(ModelSpecError, match=sentence) as caught:
        read_spec(path)
    assert path in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", ["name", "file", "sha256", "input", "embedding"])
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    fields = spec_fields(b"")
    del fields[field]
    with pytest.raises(ModelSpecError, match=f"missing required field `{field}`"):
        read_spec(_written(tmp_path, fields))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"name": "\xff"}', b"\0" * 40,
        b'{"format": 1' + b"0" * 400 + b"}", b'{"training": ' + b"[" * 100_000,
    ],
    ids=["empty", "cut", "list", "null", "utf-16", "bytes", "nul", "huge", "deep"],
)  # fmt: skip
def test_a_file_that_is_no_spec(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(data)
    with pytest.raises(ModelSpecError, match="is not a model spec"):
        read_spec(str(path))


def test_no_file_at_all_shows_what_it_should_be(tmp_path: Path) -> None:
    with pytest.raises(ModelSpecError, match=r'"embedding": \{"output": "embedding"'):
        read_spec(str(tmp_path / "model.json"))


@pytest.mark.parametrize(
    "change",
    [
        {"mean": (float("nan"), 0.5, 0.5)},
        {"mean": (float("inf"), 0.5, 0.5)},
        {"std": (float("inf"), 0.5, 0.5)},
        {"std": (float("nan"), 0.5, 0.5)},
        {"crop_fraction": float("nan")},
    ],
)
def test_values_that_json_cannot_hold_are_not_written(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    with pytest.raises(ModelSpecError, match="refusing to write"):
        write_spec(replace(_SPEC, input=replace(_SPEC.input, **change)), str(tmp_path))
    assert not (tmp_path / "model.json").exists()


_numbers = st.floats(-10, 10)
_positive = st.floats(0.001, 10)
_names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
_inputs = st.builds(
    InputSpec,
    width=st.integers(1, 4096),
    height=st.integers(1, 4096),
    mean=st.tuples(_numbers, _numbers, _numbers),
    std=st.tuples(_positive, _positive, _positive),
    name=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    resize=st.sampled_from(["stretch", "crop"]),
    interpolation=st.sampled_from(["nearest", "bilinear", "bicubic", "lanczos"]),
    crop_fraction=st.floats(0.01, 1),
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("abc"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=5,
)
_digests = st.text("0123456789abcdef", min_size=64, max_size=64)
_texts = st.builds(
    TextSpec,
    file=st.sampled_from(["text.onnx", "häßlich.onnx"]),
    sha256=_digests,
    tokenizer_sha256=_digests,
    context=st.integers(1, 8192),
    pad=st.integers(0, 2**31 - 1),
    output=st.none() | st.text("xyz"),
)
_specs = st.builds(
    ModelSpec,
    name=_names,
    file=st.sampled_from(["model.onnx", "a b.onnx", "häßlich.onnx", "..onnx"]),
    sha256=_digests,
    input=_inputs,
    embedding=st.builds(
        EmbeddingSpec, dimension=st.integers(1, 65536), output=st.none() | st.text("xyz")
    ),
    format=st.just(1),
    description=st.text(st.characters(exclude_categories=["Cs"])),
    license=st.text("abc"),
    source=st.text("abc"),
    logits=st.none()
    | st.builds(
        LogitsSpec,
        output=st.text("xyz"),
        classes=st.none() | st.lists(st.text("abc"), max_size=3),
    ),
    text=st.none() | _texts,
    training=st.none() | st.dictionaries(st.text("abc"), _json, max_size=3),
)


@settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(spec=_specs)
def test_what_is_written_is_read_back(tmp_path: Path, spec: ModelSpec) -> None:
    assert read_spec(write_spec(spec, str(tmp_path))) == spec


def test_same_embeddings() -> None:
    here = identity(_SPEC)
    assert here == EncoderIdentity(
        name="tiny", sha256="0" * 64, dimension=12, preprocessing=_SPEC.input
    )
    assert here.same_embeddings(replace(here, name="another name"))
    assert not here.same_embeddings(replace(here, sha256="1" * 64))
    assert not here.same_embeddings(replace(here, dimension=13))
    for change in ({"crop_fraction": 0.9}, {"mean": (0.4, 0.5, 0.5)}, {"interpolation": "bicubic"}):
        other = replace(here, preprocessing=replace(_SPEC.input, **change))
        assert not here.same_embeddings(other)
