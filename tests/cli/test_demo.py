"""`lookalike demo` and `lookalike serve` as a user starts them."""

import json
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lookalike.demo import MANIFEST
from tests.support.process import run, run_json, start


@contextmanager
def serving(*args: object) -> Iterator[str]:
    """A running server; yields its address, and has it stop by Ctrl-C in the end."""
    process = start(args)
    try:
        yield _address(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.communicate()


def _address(process: "subprocess.Popen[bytes]") -> str:
    assert process.stderr is not None
    said = b""
    for line in process.stderr:
        said += line
        found = re.search(rb"Lookalike is at (http://\S+/)", line)
        if found:
            return found[1].decode()
    raise AssertionError(said.decode())


def get(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return json.load(answer)


@pytest.mark.shared
def test_the_demo_draws_indexes_serves_and_has_right_answers(
    tmp_path: Path, mobilenet: Path
) -> None:
    place = tmp_path / "demo"
    options = ("--folder", place, "--model", mobilenet, "--port", 0, "--no-open")
    with serving("demo", *options) as address:
        status = get(address + "api/status")
        assert get(address + "healthz") == {"status": "ok"}
    manifest = json.loads((place / "pictures" / MANIFEST).read_text())
    pictures = manifest["pictures"]
    assert status["images"] == len(pictures) >= 300
    assert status["skipped"] == 0

    # A changed copy finds its original among all the others: the first that is not itself.
    copies = [entry for entry in pictures if entry["original"] != entry["file"]]
    found = 0
    for copy in copies[::16]:
        query = place / "pictures" / copy["file"]
        hits = run_json("search", query, "-c", place / "collection", "-k", 6)["hits"]
        assert hits[0]["path"] == str(query)
        found += str(place / "pictures" / copy["original"]) in [hit["path"] for hit in hits[1:]]
    assert found >= 0.75 * len(copies[::16])


def test_serve_answers_over_a_collection(tmp_path: Path, pictures: Path, tiny_model: Path) -> None:
    run_json("index", pictures, "-c", tmp_path / "c", "--model", tiny_model)
    with serving("serve", "-c", tmp_path / "c", "--port", 0) as address:
        assert address.startswith("http://127.0.0.1:")
        assert get(address + "api/status")["images"] == 40


def test_serve_makes_a_collection_that_is_not_there(tmp_path: Path, tiny_model: Path) -> None:
    place = tmp_path / "new"
    with serving("serve", "-c", place, "--model", tiny_model, "--port", 0) as address:
        assert get(address + "api/status")["images"] == 0
        assert get(address + "api/images") == {"images": [], "total": 0}
        assert get(address + "api/index") == {"job": None, "watch": None}
    # It is one, for every other command.
    assert run_json("status", "-c", place)["images"] == 0


def test_serve_makes_none_among_other_files(tmp_path: Path, pictures: Path) -> None:
    done = run("serve", "-c", pictures, "--port", 0)
    assert done.returncode == 1
    assert b"holds other files" in done.stderr
    assert not (pictures / "collection.sqlite").exists()
