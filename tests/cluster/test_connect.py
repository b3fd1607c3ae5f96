"""To the cluster, through the command line: nothing of Ray is seen, and errors are a sentence."""

import signal
import sys
from pathlib import Path

import pytest

import lookalike
from lookalike.errors import ClusterError
from tests.support.content import assert_same, content
from tests.support.pictures import write_gallery
from tests.support.process import run, start

_SMALL_STEPS = """
from lookalike.crew import crew
from lookalike.indexer import ledger
ledger._COMMIT_EVERY_S = 0.0
crew.PICTURES = 8
"""

_DIES = """
import os, signal
commit = ledger.Ledger.commit
def commit_and_die(self):
    commit(self)
    if self.added >= 50:
        os.kill(os.getpid(), signal.SIGKILL)
ledger.Ledger.commit = commit_and_die
"""


def test_a_driver_that_was_killed_goes_on(tmp_path: Path, tiny_model: Path) -> None:
    pytest.importorskip("ray")
    pictures, folder = tmp_path / "pictures", tmp_path / "c"
    write_gallery(pictures, 150)
    arguments = ["index", pictures, "-c", folder, "--model", tiny_model, "--ray", "local", "--json"]
    killed = start(arguments, _SMALL_STEPS + _DIES)
    assert killed.communicate(timeout=300) == (b"", b"")
    assert killed.returncode == -signal.SIGKILL
    with lookalike.open(folder) as photos:
        committed = len(photos)
    assert 50 <= committed < 150
    again = start(arguments, _SMALL_STEPS)
    out, error = again.communicate(timeout=300)
    assert (again.returncode, error) == (0, b""), "nothing of Ray is seen"
    assert f'"added": {150 - committed}, "updated": 0, "unchanged": {committed}'.encode() in out
    with (
        lookalike.open(tmp_path / "alone", model=tiny_model) as alone,
        lookalike.open(folder) as photos,
    ):
        alone.index(pictures)
        assert_same(content(photos), content(alone))


def test_without_ray_a_sentence_says_what_to_install(
    tmp_path: Path, pictures: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        lookalike.open(tmp_path / "c", model=tiny_model) as photos,
        pytest.raises(ClusterError, match=r'pip install "lookalike\[ray\]"'),
    ):
        photos.index(pictures, ray="local")


def test_options_that_make_no_sense_together(pictures: Path) -> None:
    assert run("index", pictures, "--worker-cpus", "2").returncode == 2
    assert run("index", pictures, "--ray", "local", "--isolate").returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to send")
def test_a_driver_that_is_ended_says_nothing(tmp_path: Path, tiny_model: Path) -> None:
    pytest.importorskip("ray")
    pictures = tmp_path / "pictures"
    write_gallery(pictures, 20)
    ended = start(
        ["index", pictures, "-c", tmp_path / "c", "--model", tiny_model, "--ray", "local"],
        _SMALL_STEPS + _DIES.replace("SIGKILL", "SIGTERM").replace(">= 50", ">= 8"),
    )
    out, told = ended.communicate(timeout=300)
    assert (out, told) == (b"", b"")
    assert ended.returncode == -signal.SIGTERM
