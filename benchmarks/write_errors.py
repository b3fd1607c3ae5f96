"""Disks that are full, read-only or failing: one clear error, and nothing that was committed lost.

python -m benchmarks.write_errors [--times 40] [--seed 0]
"""

import argparse
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support import faults, mounts
from tests.support.encoder import CountingEncoder
from tests.support.pictures import write_gallery
from tests.support.reporting import Expected

from benchmarks.kills import PROJECT
from benchmarks.trial import Trial, print_trials
from lookalike.errors import LookalikeError
from lookalike.indexer import index
from lookalike.store import LocalStore

PICTURES = 80


def run(times: int, seed: int, scratch: Path) -> list[Trial]:
    """A trial for each kind of error; what cannot be made on this machine is told as a note."""
    pictures = scratch / "pictures"
    write_gallery(pictures, PICTURES)
    kinds: tuple[faults.Fault, ...] = ("EIO", "ENOSPC")
    trials = [_failing_calls(kind, times, seed, scratch, pictures) for kind in kinds]
    return [
        *trials,
        _full_drive(times // 4, seed, scratch, pictures),
        _read_only(scratch, pictures),
    ]


def _new_collection(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    LocalStore.create(str(folder), CountingEncoder().identity, "").close()
    return folder


def _index_as_process(folder: Path, pictures: Path, env: dict[str, str]) -> tuple[Expected, str]:
    """Run the indexer; what has to be there, and what it wrote on stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.reporting", str(folder), str(pictures)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=PROJECT,
        env=env,
    )
    expected = Expected()
    for line in done.stdout.splitlines():
        expected.take(line)
    return expected, done.stderr


def _problems(folder: Path, pictures: Path, expected: Expected, said: str) -> list[str]:
    """What does not hold after a run that met an error."""
    problems = []
    if said:
        problems.append(f"more than one clear error: {said[-300:]}")
    if "error" not in expected.last and "added" not in expected.last:
        problems.append("it ended without a word")
    if "error" in expected.last and "\n" in expected.last["sentence"]:
        problems.append(f"no sentence: {expected.last['sentence']}")
    try:
        connection = sqlite3.connect(folder / "collection.sqlite")
        if (check := connection.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
            problems.append(f"integrity_check: {check}")
        connection.close()
        store = LocalStore(str(folder))
        now = Expected.of(store).paths
        if now not in (expected.paths, expected.after_pending()):
            problems.append(f"{len(expected.paths)} were reported, {len(now)} are there")
        index(store, CountingEncoder(), [str(pictures)])
        if store.count() != PICTURES:
            problems.append(f"the next run left {store.count()} of {PICTURES} pictures")
        found = store.search(store.vectors([store.page(0, 1)[0].id]), PICTURES)
        if found.ids.shape[1] != PICTURES or found.scores[0, 0] < 0.999:
            problems.append("not everything is found")
        store.close()
    except (LookalikeError, sqlite3.Error) as error:
        problems.append(f"{type(error).__name__}: {error}")
    return problems


def _failing_calls(
    kind: faults.Fault, times: int, seed: int, scratch: Path, pictures: Path
) -> Trial:
    trial = Trial(f"{kind} from the file layer at a random operation")
    if not faults.compiler():
        trial.note = "needs Linux and a C compiler"
        return trial
    rng = random.Random(seed)
    with trial.timed():
        folder = _new_collection(scratch / "failing")
        count = scratch / "operations"
        _index_as_process(folder, pictures, faults.layer(scratch, folder, count=count))
        operations = int(count.read_text())
        told = 0
        for _ in range(times):
            _new_collection(folder)
            at = rng.randint(1, operations)
            env = faults.layer(scratch, folder, fault=kind, at=at)
            expected, said = _index_as_process(folder, pictures, env)
            told += "error" in expected.last
            trial.tried += 1
            problems = _problems(folder, pictures, expected, said)
            trial.failures += [f"operation {at} of {operations}: {p}" for p in problems]
        trial.note = f"{told} told; the others met the cache, which is made again"
    return trial


def _full_drive(times: int, seed: int, scratch: Path, pictures: Path) -> Trial:
    trial = Trial("disk full: a drive with 0 to 500 KB left")
    if not mounts.can_mount():
        trial.note = "needs root on Linux"
        return trial
    drive = scratch / "drive"
    with trial.timed():
        for left in random.Random(seed).sample(range(0, 501, 10), times):
            trial.tried += 1
            with mounts.small_drive(drive, left):
                try:
                    LocalStore.create(str(drive / "c"), CountingEncoder().identity, "").close()
                except LookalikeError:
                    half = LocalStore.exists(str(drive / "c"))
                    trial.check(not half, f"{left} KB: half a collection was left")
            with mounts.small_drive(drive, 8000):
                folder = _new_collection(drive / "c")
                (drive / "filler").write_bytes(b"x" * (_free_bytes(drive) - left * 1024))
                expected, said = _index_as_process(folder, pictures, dict(os.environ))
                mounts.remount(drive, "size=20000k")
                problems = _problems(folder, pictures, expected, said)
                fitted = expected.last.get("added") == PICTURES
                if not fitted and not re.search("full|space left", str(expected.last)):
                    problems.append(f"said {json.dumps(expected.last)}")
                trial.failures += [f"{left} KB: {problem}" for problem in problems]
    return trial


def _free_bytes(drive: Path) -> int:
    about = os.statvfs(drive)
    return about.f_bavail * about.f_frsize


def _read_only(scratch: Path, pictures: Path) -> Trial:
    trial = Trial("a read-only drive: searched, not written")
    if not mounts.can_mount():
        trial.note = "needs root on Linux"
        return trial
    drive = scratch / "drive"
    with trial.timed(), mounts.small_drive(drive, 20000):
        folder = _new_collection(drive / "c")
        first, _ = _index_as_process(folder, pictures, dict(os.environ))
        trial.check(first.last.get("added") == PICTURES, f"said {first.last}")
        mounts.remount(drive, "ro")
        trial.tried += 1
        expected, said = _index_as_process(folder, pictures, dict(os.environ))
        trial.check(expected.last.get("error") == "StoreError", f"said {expected.last}")
        try:
            store = LocalStore(str(folder))
            found = store.search(store.vectors([1]), PICTURES)
            trial.check(found.ids.shape == (1, PICTURES), "not everything is found")
            store.close()
        except LookalikeError as error:
            trial.check(False, f"it cannot be searched: {error}")
        mounts.remount(drive, "rw")
        first.last = expected.last
        trial.failures += _problems(folder, pictures, first, said)
    return trial


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}\n")
    with tempfile.TemporaryDirectory(prefix="lookalike-errors-") as scratch:
        trials = run(arguments.times, arguments.seed, Path(scratch).resolve())
    print_trials(trials)
    sys.exit(any(trial.failures for trial in trials))


if __name__ == "__main__":
    main()
