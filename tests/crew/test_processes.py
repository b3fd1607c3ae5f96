"""Runs by worker processes come to what threads come to, whatever dies on the way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

import lookalike
from lookalike.crew import Crew, Finished, Growing, Processes, growing
from lookalike.encoders import Encoder
from lookalike.errors import ClusterError
from lookalike.indexer import Fresh, OpenWorkshop, Presence, Threads, Workshop
from lookalike.store import Store
from lookalike.types import IndexProgress
from tests.support.content import Alone, assert_same, content, in_threads, write_mixture
from tests.support.pictures import write_gallery, write_picture

DEADLY = (sys.executable, "-m", "tests.crew.deadly")
STILLBORN = (sys.executable, "-c", "import sys; sys.exit(3)")


@pytest.fixture
def alone(tmp_path: Path, tiny_model: Path) -> Alone:
    return in_threads(tmp_path / "alone", tiny_model)


@pytest.fixture
def photos(tmp_path: Path, tiny_model: Path) -> Iterator[lookalike.Collection]:
    with lookalike.open(tmp_path / "c", model=tiny_model) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _two_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers, many parcels, and a progress after each, on any machine."""
    monkeypatch.setattr("lookalike.crew.processes.cores", lambda: 2)
    monkeypatch.setattr("lookalike.crew.crew.PICTURES", 8)
    monkeypatch.setattr("lookalike.indexer.progress._EVERY_S", 0.0)


def crew(command: Sequence[str] | None = None) -> OpenWorkshop:
    def workshop(store: Store, encoder: Encoder, presence: Presence) -> Workshop:
        staff = Processes(encoder, command) if command else Processes(encoder)
        return Crew(store, presence, staff)

    return workshop


class Awaited(Crew):
    """Takes over at once, however long it takes to start."""

    def is_ready(self) -> bool:
        while not super().is_ready():
            time.sleep(0.01)
        return True


def grown(command: Sequence[str] | None = None) -> OpenWorkshop:
    """Begins with threads, and hires at once."""

    def workshop(store: Store, encoder: Encoder, presence: Presence) -> Workshop:
        staff = Processes(encoder, command) if command else Processes(encoder)
        hire = partial(Awaited, store, presence, staff, proven=True)
        return Growing(Threads(store, encoder, presence), hire, 0.0)

    return workshop


@pytest.fixture
def working(monkeypatch: pytest.MonkeyPatch) -> Callable[[OpenWorkshop], None]:
    return partial(monkeypatch.setattr, "lookalike.collection.here")


Working = Callable[[OpenWorkshop], None]


def workers(parent: int | None = None) -> list[int]:
    """Process ids of the worker processes below a process, or this one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            above = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"lookalike.crew.process" in command and above == (parent or os.getpid()):
            found.append(int(folder.name))
    return found


def _noting(
    answer: Callable[[Processes, int], object], paths: list[str]
) -> Callable[[Processes, int], object]:
    def noting(staff: Processes, ticket: int) -> object:
        given = answer(staff, ticket)
        if isinstance(given, Finished):
            paths.extend(one.file.path for one in given.outcomes if isinstance(one, Fresh))
        return given

    return noting


@pytest.mark.parametrize("workshop", [crew(), grown()], ids=["crew", "grown"])
def test_a_run_comes_to_what_threads_come_to(
    tmp_path: Path,
    photos: lookalike.Collection,
    alone: Alone,
    working: Working,
    workshop: OpenWorkshop,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "pictures"
    write_mixture(folder)
    expected, reasons = alone(folder)
    working(workshop)
    finished: list[str] = []
    monkeypatch.setattr(Processes, "answer", _noting(Processes.answer, finished))
    summary = photos.index(folder)
    assert finished
    assert (summary.added, summary.updated, summary.unchanged) == (101, 0, 0)
    assert {skip.path: skip.reason for skip in summary.skipped} == reasons
    assert_same(content(photos), expected)
    assert photos.index(folder).unchanged == 101


def test_a_file_that_changes_under_way_is_taken_as_it_is_then(
    tmp_path: Path, photos: lookalike.Collection, working: Working
) -> None:
    folder = tmp_path / "pictures"
    paths = write_gallery(folder, 40)
    last = max(paths)
    working(crew())

    def change(_: IndexProgress) -> None:
        write_picture(last, 999, "PNG")

    assert photos.index(folder, on_progress=change).added == 40
    assert photos.index(folder).skipped == []
    [hit] = photos.search(last, k=1)
    assert hit.path == str(last)
    assert hit.score == pytest.approx(1, abs=1e-3)


def test_a_picture_that_kills_its_workers_costs_itself_alone(
    tmp_path: Path, photos: lookalike.Collection, working: Working
) -> None:
    folder = tmp_path / "pictures"
    write_gallery(folder, 20)
    write_picture(folder / "deadly.jpg", 500)
    working(crew(DEADLY))
    summary = photos.index(folder)
    [skip] = summary.skipped
    assert skip.path == str(folder / "deadly.jpg")
    assert "each worker process that took it has died" in skip.reason
    assert summary.added == 20


def test_without_workers_that_start_threads_go_on(
    tmp_path: Path, photos: lookalike.Collection, alone: Alone, working: Working
) -> None:
    folder = tmp_path / "pictures"
    write_gallery(folder, 60)
    working(grown(STILLBORN))
    assert photos.index(folder).added == 60
    assert_same(content(photos), alone(folder)[0])


def test_a_crew_that_cannot_start_says_why(
    tmp_path: Path, photos: lookalike.Collection, working: Working
) -> None:
    write_gallery(tmp_path / "pictures", 3)
    working(crew(STILLBORN))
    with pytest.raises(ClusterError, match="ended with exit code 3"):
        photos.index(tmp_path / "pictures")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the workers")
def test_a_worker_killed_on_the_way_loses_and_doubles_nothing(
    tmp_path: Path, photos: lookalike.Collection, alone: Alone, working: Working
) -> None:
    folder = tmp_path / "pictures"
    write_gallery(folder, 200)
    expected = alone(folder)[0]
    killed: list[int] = []

    def kill(now: IndexProgress) -> None:
        if now.encoded and not killed:
            killed.append(workers()[0])
            os.kill(killed[0], signal.SIGKILL)

    working(crew())
    summary = photos.index(folder, on_progress=kill)
    assert killed
    assert (summary.added, summary.updated, summary.skipped) == (200, 0, [])
    assert_same(content(photos), expected)
    assert workers() == []


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the workers")
def test_a_run_that_ends_early_leaves_no_worker(
    tmp_path: Path, photos: lookalike.Collection, working: Working
) -> None:
    folder = tmp_path / "pictures"
    write_gallery(folder, 60)
    seen: list[int] = []

    def stop(now: IndexProgress) -> None:
        seen.extend(workers())
        if now.encoded:
            raise KeyboardInterrupt

    working(crew())
    with pytest.raises(KeyboardInterrupt):
        photos.index(folder, on_progress=stop)
    assert seen
    assert workers() == []


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the workers")
def test_workers_end_with_whoever_hired_them(tmp_path: Path, tiny_model: Path) -> None:
    folder = tmp_path / "pictures"
    write_gallery(folder, 60)
    code = (
        "import sys, lookalike, lookalike.collection\n"
        "from lookalike.crew import Crew, Processes\n"
        "lookalike.crew.crew.PICTURES = 8\n"
        "lookalike.indexer.progress._EVERY_S = 0.0\n"
        "lookalike.collection.here = lambda s, e, p: Crew(s, p, Processes(e))\n"
        "def wait(now):\n"
        "    if now.encoded:\n"
        "        print(flush=True)\n"
        "        sys.stdin.read()\n"
        "lookalike.open(sys.argv[1], model=sys.argv[2]).index(sys.argv[3], on_progress=wait)\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "c", tiny_model, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with run:
        assert run.stdout is not None
        run.stdout.read(1)
        hired = workers(run.pid)
        run.kill()
    assert hired
    end = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in hired):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_short_runs_hire_nobody(
    tmp_path: Path, photos: lookalike.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    hired: list[object] = []
    monkeypatch.setattr(growing, "Processes", hired.append)
    write_gallery(tmp_path / "pictures", 5)
    assert photos.index(tmp_path / "pictures").added == 5
    assert hired == []
