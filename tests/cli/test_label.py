"""lookalike label."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import lookalike
from lookalike.cli.main import lookalike as commands
from tests.support.pictures import write_gallery


@pytest.fixture
def paths(tmp_path: Path, tiny_model: Path) -> list[Path]:
    found = write_gallery(tmp_path / "pictures", 6)
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(tmp_path / "pictures")
    return found


def label(folder: Path, *args: object) -> Result:
    words = ["label", "-c", str(folder / "c"), *map(str, args)]
    return CliRunner().invoke(commands, words, standalone_mode=False)


def test_labels_by_path_and_by_filter(tmp_path: Path, paths: list[Path]) -> None:
    done = label(tmp_path, paths[0], "--add", "sea", "--add", "Dog", "--json")
    assert json.loads(done.stdout) == {
        "images": [{"path": str(paths[0]), "labels": ["Dog", "sea"]}]
    }
    assert label(tmp_path, "--where", "format=png", "--add", "scan").exception is None
    assert label(tmp_path, "--where", "label=DOG", "--remove", "dog").exception is None
    lines = label(tmp_path).stdout.splitlines()
    scans = sum(path.suffix == ".png" for path in paths)
    assert sorted(line.split("\t")[1:] for line in lines) == [["scan"]] * scans + [["sea"]]


def test_what_it_refuses(tmp_path: Path, paths: list[Path]) -> None:
    assert "name the pictures" in str(label(tmp_path, "--add", "x").exception)
    assert "on one line" in str(label(tmp_path, paths[0], "--add", " ").exception)
    assert "index it first" in str(label(tmp_path, tmp_path / "no.jpg", "--add", "x").exception)
