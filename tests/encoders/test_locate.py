import hashlib
import json
import os
from pathlib import Path

import pytest

from lookalike.encoders import CATALOGUE, load, locate
from lookalike.errors import ModelSpecError

from .models import noise, spec_fields, tiny, write_model


def test_a_folder(tiny_folder: Path) -> None:
    found = locate(tiny_folder)
    assert found.spec.name == "tiny"
    assert found.file == str(tiny_folder / "model.onnx")
    assert found.source == str(tiny_folder)


def test_a_relative_path_and_the_home_are_made_absolute(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_folder.parent)
    monkeypatch.setenv("HOME", str(tiny_folder.parent))
    assert locate("tiny").source == str(tiny_folder)
    assert locate("~/tiny").source == str(tiny_folder)
    assert locate("./tiny/model.onnx").source == str(tiny_folder / "model.onnx")


def test_a_file_with_model_json_beside_it(tiny_folder: Path) -> None:
    found = locate(tiny_folder / "model.onnx")
    assert found.file == found.source == str(tiny_folder / "model.onnx")


def test_a_file_with_its_own_json_beside_it(tmp_path: Path) -> None:
    data = tiny()
    (tmp_path / "mine.onnx").write_bytes(data)
    (tmp_path / "mine.json").write_text(json.dumps(spec_fields(data, file="mine.onnx")))
    write_model(tmp_path, tiny(seed=2), name="another")
    found = locate(tmp_path / "mine.onnx")
    assert (found.spec.name, found.file) == ("tiny", str(tmp_path / "mine.onnx"))
    assert load(found).embed(noise(1)).shape == (1, 12)


def test_a_bare_file_is_refused_with_the_spec_that_it_needs(tmp_path: Path) -> None:
    data = tiny()
    (tmp_path / "my model.onnx").write_bytes(data)
    with pytest.raises(ModelSpecError) as caught:
        locate(tmp_path / "my model.onnx")
    sentence, _, example = str(caught.value).partition("\n")
    assert "has no spec" in sentence
    assert "model.json" in sentence
    fields = json.loads(example)
    assert fields["sha256"] == hashlib.sha256(data).hexdigest()
    assert fields["file"] == "my model.onnx"
    # The example is a spec: with the right numbers in it, it works.
    fields["input"].update(width=32, height=32)
    fields["embedding"]["dimension"] = 12
    (tmp_path / "model.json").write_text(json.dumps(fields))
    assert load(tmp_path / "my model.onnx").embed(noise(1)).shape == (1, 12)


def test_a_model_json_about_another_file_does_not_count(tiny_folder: Path) -> None:
    (tiny_folder / "other.onnx").write_bytes(tiny(seed=2))
    with pytest.raises(ModelSpecError, match="has no spec"):
        locate(tiny_folder / "other.onnx")


def test_an_altered_file_is_refused(tiny_folder: Path) -> None:
    with open(tiny_folder / "model.onnx", "ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelSpecError, match=r"its sha256 is .*, not .*; fetch the model again"):
        locate(tiny_folder)


def test_a_file_outside_the_folder_is_refused(tmp_path: Path) -> None:
    data = tiny()
    (tmp_path / "model.onnx").write_bytes(data)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "model.json").write_text(json.dumps(spec_fields(data, file="../model.onnx")))
    with pytest.raises(ModelSpecError, match="has to be a plain name inside the model folder"):
        locate(folder)


def test_a_spec_whose_file_is_missing(tiny_folder: Path) -> None:
    os.unlink(tiny_folder / "model.onnx")
    with pytest.raises(ModelSpecError, match=r"cannot read the model file .*model\.onnx: No such"):
        locate(tiny_folder)


def test_a_folder_without_a_spec(tmp_path: Path) -> None:
    with pytest.raises(ModelSpecError, match="cannot read the model's spec"):
        locate(tmp_path)


def test_nothing_of_that_name_lists_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ModelSpecError, match="compact, resnet50, clip-vit-b32, unicom-vit-b16"):
        locate(tmp_path / "nothing")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ModelSpecError, match=r"notes\.txt is not an \.onnx file"):
        locate(tmp_path / "notes.txt")


def test_nothing_is_compiled_by_loading(tiny_folder: Path) -> None:
    encoder = load(tiny_folder)
    assert encoder.precision == "auto"
    assert encoder.dimension == 12
    assert encoder.decode_hint == 64


def test_the_catalogue() -> None:
    assert list(CATALOGUE) == ["resnet50", "clip-vit-b32", "unicom-vit-b16"]
    assert [entry.dimension for entry in CATALOGUE.values()] == [2048, 512, 768]
    for entry in CATALOGUE.values():
        assert entry.sha256 is None or len(entry.sha256) == 64
        assert entry.license


def test_resnet50_is_fed_as_its_preprocessor_configuration_says() -> None:
    """The values of microsoft/resnet-50's preprocessor, which the hub's ONNX file is taken from.

    size 224 with crop_pct 0.875: the shortest side to 256, centre crop; resample 3 is bicubic.
    Written down from memory, not fetched: compare them once where there is a network.
    """
    entry = CATALOGUE["resnet50"]
    assert (entry.repo, entry.file) == ("Qdrant/resnet50-onnx", "model.onnx")
    pixels = entry.input
    assert (pixels.width, pixels.height, pixels.resize) == (224, 224, "crop")
    assert (pixels.crop_fraction, pixels.interpolation) == (0.875, "bicubic")
    assert pixels.mean == (0.485, 0.456, 0.406)
    assert pixels.std == (0.229, 0.224, 0.225)
