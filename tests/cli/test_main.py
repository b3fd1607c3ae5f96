"""What goes before any command: versions, and what shells ask."""

import platform
from pathlib import Path

import pytest

import lookalike
from tests.support.pictures import write_picture
from tests.support.process import run


def test_versions_of_all_that_matters() -> None:
    lines = run("--version").stdout.decode().splitlines()
    assert lines[0] == f"lookalike {lookalike.__version__}"
    assert lines[1].startswith(platform.system())
    assert lines[2].startswith(f"python {platform.python_version()} (")
    assert {"sqlite", "encoding"} <= {line.split()[0] for line in lines}
    assert {"numpy", "pillow", "openvino", "faiss-cpu"} <= {line.split()[0] for line in lines}


@pytest.mark.parametrize(
    ("typed", "expected"), [("lookalike dup", "duplicates"), ("lookalike search --cr", "--crop")]
)
def test_shells_complete_commands_and_options(typed: str, expected: str) -> None:
    words = typed.split()
    asked = {
        "_LOOKALIKE_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - 1),
    }
    assert run(environment=asked).stdout.decode().split() == [f"plain,{expected}"]


def test_shells_are_told_how_to_ask() -> None:
    told = run(environment={"_LOOKALIKE_COMPLETE": "zsh_source"}).stdout.decode()
    assert "_LOOKALIKE_COMPLETE=zsh_complete lookalike" in told


def test_a_console_of_another_encoding(tmp_path: Path, tiny_model: Path) -> None:
    """As on Windows: names that it cannot show never stop an answer."""
    name = tmp_path / "p" / "\u0443\u043b\u0438\u0446\u0430 \u56fe \U0001f600.png"
    write_picture(name, 1, "PNG")
    old = {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0", "COLUMNS": "20"}
    made = ("-c", tmp_path / "c")
    for arguments in (
        ("index", tmp_path / "p", *made, "--model", tiny_model),
        ("search", name, *made),
        ("status", *made),
        ("encoder", "list", *made),
        ("label", name, "--add", "\u6d77", *made),
        ("duplicates", *made),
        ("formats",),
        ("--help",),
    ):
        done = run(*arguments, environment=old)
        assert done.returncode == 0, done.stderr
    assert b"\\u56fe" in run("search", name, *made, environment=old).stdout
