"""lookalike encoder."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import lookalike
from lookalike.cli.main import lookalike as commands
from tests.support.model import make_model
from tests.support.pictures import write_gallery


@pytest.fixture
def folder(tmp_path: Path, tiny_model: Path) -> Path:
    write_gallery(tmp_path / "pictures", 12)
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(tmp_path / "pictures")
    return tmp_path / "c"


def encoder(folder: Path, *args: object) -> Result:
    words = ["encoder", *map(str, args), "-c", str(folder)]
    return CliRunner().invoke(commands, words, standalone_mode=False)


def test_from_one_encoder_to_another(folder: Path, tmp_path: Path) -> None:
    other = make_model(tmp_path / "other", seed=8)
    added = encoder(folder, "add", other, "--later", "--json")
    states = json.loads(added.stdout)["encoders"]
    assert [(each["number"], each["answers"], each["lacking"]) for each in states] == [
        (1, True, 0),
        (2, False, 12),
    ]
    assert "lacks 12 pictures" in str(encoder(folder, "switch", 2).exception)
    assert encoder(folder, "fill").stdout == "1\ttiny\t64\tanswers\t0\n2\ttiny\t64\tbeside\t0\n"
    compared = encoder(folder, "compare", 2, "--sample", 5)
    assert compared.stdout.startswith("5 pictures asked by\nthe same among the ten nearest: ")
    assert json.loads(encoder(folder, "compare", 2, "--json").stdout)["sample"] == 12
    switched = encoder(folder, "switch", 2).stdout.splitlines()
    assert switched == ["1\ttiny\t64\tbeside\t0", "2\ttiny\t64\tanswers\t0"]
    assert encoder(folder, "drop", 1).stdout == "2\ttiny\t64\tanswers\t0\n"
    words = ["encoder"]
    assert "list" in CliRunner().invoke(commands, [*words, "--help"]).stdout


def test_status_tells_of_both(folder: Path, tmp_path: Path) -> None:
    encoder(folder, "add", make_model(tmp_path / "other", seed=8))
    shown = CliRunner().invoke(commands, ["status", "-c", str(folder), "--json"])
    assert [each["lacking"] for each in json.loads(shown.stdout)["encoders"]] == [0, 0]
