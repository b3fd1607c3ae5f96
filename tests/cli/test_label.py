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


def test_labels_for_what_a_search_finds(tmp_path: Path, paths: list[Path]) -> None:
    with lookalike.open(tmp_path / "c") as photos:
        hits = photos.search(paths[0], 6)
    least = (hits[2].score + hits[3].score) / 2
    asked = ("--like", paths[0], "--min-score", least, "--add", "sea")
    told = json.loads(label(tmp_path, *asked, "--json").stdout)
    assert [image["path"] for image in told["images"]] == [hit.path for hit in hits[:3]]
    assert told["done"] is False
    assert label(tmp_path).stdout == "", "nothing is done without --yes"
    done = label(tmp_path, *asked, "--yes")
    assert [line.split("\t")[1:] for line in done.stdout.splitlines()] == [
        [hit.path, "sea"] for hit in hits[:3]
    ]
    assert "3 pictures labelled" in done.stderr
    assert len(label(tmp_path).stdout.splitlines()) == 3
    label(tmp_path, "--like", paths[0], "--min-score", least, "--remove", "SEA", "--yes")
    assert label(tmp_path).stdout == ""


def test_a_search_to_label_by_has_a_least_score(tmp_path: Path, paths: list[Path]) -> None:
    for words in (("--like", paths[0]), (paths[1], "--like", paths[0], "--min-score", 0.5)):
        assert "--min-score" in str(label(tmp_path, *words, "--add", "x").exception)
