"""What goes before any command: versions, and what shells ask."""

import platform

import pytest

import lookalike
from tests.support.process import run


def test_versions_of_all_that_matters() -> None:
    lines = run("--version").stdout.decode().splitlines()
    assert lines[0] == f"lookalike {lookalike.__version__}"
    assert lines[1].startswith(platform.system())
    assert lines[2].startswith(f"python {platform.python_version()} (")
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
