"""lookalike evaluate."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from lookalike.cli.main import lookalike
from tests.evaluation.folders import write_labelled


def run(*args: object) -> Result:
    return CliRunner().invoke(lookalike, ["evaluate", *map(str, args)], standalone_mode=False)


def test_json_and_page(tmp_path: Path, tiny_model: Path) -> None:
    folder = write_labelled(tmp_path / "labelled", 6)
    page = tmp_path / "report.html"
    done = run(
        folder, "--model", tiny_model, "--model", tiny_model, "--instances", 4, "--json",
        "--html", page,
    )  # fmt: skip
    assert done.exception is None
    record = json.loads(done.stdout)
    assert [model["name"] for model in record["models"]] == ["tiny #1", "tiny #2"]
    assert record["models"][0]["images"] == 18
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_piped_lines(tmp_path: Path, tiny_model: Path) -> None:
    done = run(write_labelled(tmp_path, 4), "--model", tiny_model, "--instances", 2)
    assert done.exception is None
    assert any(line.startswith("tiny\tmap\t") for line in done.stdout.splitlines())


def test_strict_exits_with_3_where_files_were_skipped(tmp_path: Path, tiny_model: Path) -> None:
    folder = write_labelled(tmp_path, 4)
    assert run(folder, "--model", tiny_model, "--strict").return_value == 0
    (folder / "moss" / "broken.jpg").write_bytes(b"nothing")
    assert run(folder, "--model", tiny_model).return_value == 0
    assert run(folder, "--model", tiny_model, "--strict").return_value == 3


def test_a_page_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, tiny_model: Path
) -> None:
    done = run(tmp_path / "nowhere", "--model", tiny_model, "--html", tmp_path / "no" / "x.html")
    assert "no such folder" in str(done.exception)
