"""SIGKILL at seeded random moments: what was reported as committed is there, once, and searchable.

    python -m benchmarks.kills [--kills 200] [--seed 0]

A real indexer process adds, updates, moves and deletes pictures, migrates a collection from the
first format, or rebuilds the search cache, and is killed: after a random time, or (on Linux with a
C compiler) before or in the middle of a random file operation. The process tells what it is about
to commit and what it has committed, so what has to be there is known exactly.
"""

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tests.support import faults
from tests.support.encoder import CountingEncoder
from tests.support.formats import one_more_migration, write_format_1
from tests.support.pictures import write_gallery, write_picture
from tests.support.reporting import SKIPPED, Expected

from benchmarks.trial import Trial, print_trials
from lookalike.errors import LookalikeError
from lookalike.indexer import index
from lookalike.store import LocalStore

PROJECT = Path(__file__).parent.parent
PICTURES = 90
OPERATIONS = ("add", "update", "move", "delete", "migrate", "cache rebuild")


class Victim:
    """A collection over a folder of pictures, and a process that is killed while it indexes."""

    def __init__(self, scratch: Path, seed: int) -> None:
        self.scratch = scratch
        self.root = scratch / "pictures"
        self.folder = scratch / "c"
        self.random = random.Random(seed)
        self._seeds = iter(range(10_000, 10**9))
        self._lasts: dict[str, tuple[float, int]] = {}
        write_gallery(self.root, PICTURES)
        for number in range(3):
            (self.root / f"bad{number}.jpg").write_bytes(b"no picture %d" % number)
        LocalStore.create(str(self.folder), CountingEncoder().identity, "").close()
        self.complete()

    def complete(self) -> None:
        """Index to the end."""
        store = LocalStore(str(self.folder))
        try:
            index(store, CountingEncoder(), [str(self.root)])
        finally:
            store.close()

    def expected(self) -> Expected:
        """What the collection holds now."""
        store = LocalStore(str(self.folder))
        try:
            return Expected.of(store)
        finally:
            store.close()

    # The operations: each changes files, and the next run of the indexer has to follow.

    def change(self, operation: str) -> None:
        """Make the work that is interrupted."""
        {
            "add": self._add,
            "update": self._update,
            "move": self._move,
            "delete": self._delete,
            "migrate": self._migrate,
            "cache rebuild": self._rebuild,
        }[operation]()

    def _pick(self, count: int) -> list[Path]:
        found = sorted(p for p in self.root.rglob("*") if p.suffix in (".jpg", ".png"))
        return self.random.sample(found, min(count, len(found)))

    def _add(self) -> None:
        surplus = len(self._pick(10**6)) - 2 * PICTURES
        for path in self._pick(max(0, surplus)):
            path.unlink()
        self.complete()
        for seed in (next(self._seeds) for _ in range(30)):
            write_picture(self.root / f"new{seed % 7}" / f"{seed}.jpg", seed)
        (self.root / f"bad{next(self._seeds)}.png").write_bytes(b"no picture")

    def _update(self) -> None:
        for path in self._pick(30):
            write_picture(path, next(self._seeds))

    def _move(self) -> None:
        for number, path in enumerate(self._pick(30)):
            target = self.root / f"moved{number % 3}" / f"{next(self._seeds)}{path.suffix}"
            target.parent.mkdir(exist_ok=True)
            path.rename(target)
        one, other = self._pick(2)
        one.rename(self.scratch / "aside")
        other.rename(one)
        (self.scratch / "aside").rename(other)

    def _delete(self) -> None:
        for path in self._pick(20):
            path.unlink()
        for seed in (next(self._seeds) for _ in range(20)):
            write_picture(self.root / f"{seed}.png", seed, "PNG")

    def _migrate(self) -> None:
        write_format_1(self.folder)
        write_picture(self.root / f"{next(self._seeds)}.jpg", next(self._seeds))

    def _rebuild(self) -> None:
        write_picture(self.root / f"{next(self._seeds)}.jpg", next(self._seeds))
        for path in sorted((self.folder / "cache").rglob("*")):
            if path.is_file() and self.random.random() < 0.8:
                damage = self.random.choice(["delete", "cut", "flip"])
                data = bytearray(path.read_bytes())
                if damage == "delete" or not data:
                    path.unlink()
                elif damage == "cut":
                    path.write_bytes(data[: self.random.randrange(len(data))])
                else:
                    data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)
                    path.write_bytes(data)

    # The kill

    def kill(self, operation: str) -> Expected | None:
        """Start the indexer and kill it; None where it ended before."""
        expected = self.expected()
        seconds, operations = self._lasts.get(operation) or self._measure(operation)
        layered = faults.compiler() is not None and self.random.random() < 0.6
        environment = dict(os.environ)
        if layered:
            environment = faults.layer(
                self.scratch,
                self.folder,
                fault=self.random.choice(["kill", "torn"]),
                at=self.random.randint(1, operations),
            )
        process = self._start(operation, environment)
        assert process.stdout
        if not layered:
            process.stdout.readline()
            time.sleep(self.random.uniform(0, seconds))
            process.send_signal(signal.SIGKILL)
        for line in process.stdout.read().splitlines():
            expected.take(line)
        process.stdout.close()
        return expected if process.wait() == -signal.SIGKILL else None

    def _measure(self, operation: str) -> tuple[float, int]:
        """How long the operation takes, in seconds and in file operations, on a copy."""
        aside = self.scratch / "aside.lookalike"
        shutil.copytree(self.folder, aside)
        count = self.scratch / "count"
        environment = dict(os.environ)
        if faults.compiler():
            environment = faults.layer(self.scratch, self.folder, count=count)
        process = self._start(operation, environment)
        assert process.stdout
        process.stdout.readline()
        started = time.monotonic()
        process.stdout.read()
        seconds = time.monotonic() - started
        process.stdout.close()
        if process.wait() != 0:
            raise RuntimeError(f"the indexer does not work: it ended with {process.returncode}")
        shutil.rmtree(self.folder)
        aside.rename(self.folder)
        self._lasts[operation] = (seconds, int(count.read_text()) if count.exists() else 0)
        return self._lasts[operation]

    def _start(self, operation: str, environment: dict[str, str]) -> "subprocess.Popen[str]":
        if operation == "migrate":
            environment["ONE_MORE_MIGRATION"] = "1"
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.reporting", str(self.folder), str(self.root)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env=environment,
        )

    # What has to hold

    def problems(self, expected: Expected) -> list[str]:
        """What is wrong with the collection as the kill left it, and with the run after it."""
        found: list[str] = []
        try:
            self._examine(expected, found.append)
            self.complete()
            after = self.expected().paths
        except (LookalikeError, sqlite3.Error, AssertionError) as error:
            return [*found, f"{type(error).__name__}: {error}"]
        names = {str(p) for p in self.root.rglob("*") if p.is_file()}
        if after.keys() != names:
            found.append(f"the next run left {sorted(after.keys() ^ names)} wrong")
        return found

    def _examine(self, expected: Expected, tell: Callable[[str], None]) -> None:
        connection = sqlite3.connect(self.folder / "collection.sqlite")
        for check in ("integrity_check", "foreign_key_check"):
            said = connection.execute(f"PRAGMA {check}").fetchall()
            if said not in ([("ok",)], []):
                tell(f"{check}: {said}")
        connection.close()
        store = LocalStore(str(self.folder))
        try:
            now = Expected.of(store).paths
            if now not in (expected.paths, expected.after_pending()):
                tell(f"reported and found differ: {_difference(expected.paths, now)}")
            files = [stored for part, _ in store.scan() for stored in part]
            if len({stored.file.path for stored in files}) != len(files) != store.count():
                tell("a picture is there twice")
            if files:
                self._search(store, tell)
        finally:
            store.close()

    def _search(self, store: LocalStore, tell: Callable[[str], None]) -> None:
        """Every picture is found, by the scores of plain NumPy."""
        ids = [stored.id for part, _ in store.scan() for stored in part]
        vectors = store.vectors(ids)
        chosen = sorted(self.random.sample(range(len(ids)), min(8, len(ids))))
        found = store.search(vectors[chosen], len(ids))
        exact = dict(zip(ids, (vectors @ vectors[chosen].T), strict=True))
        for row, (found_ids, scores) in enumerate(zip(found.ids, found.scores, strict=True)):
            if sorted(found_ids.tolist()) != ids:
                tell("not every picture is found once")
            oracle = np.array([exact[int(i)][row] for i in found_ids])
            if not np.allclose(oracle, scores, atol=1e-4):
                tell("a score is not that of NumPy")


def _difference(expected: dict[str, str], found: dict[str, str]) -> str:
    lost = [path for path in expected if path not in found]
    new = [path for path in found if path not in expected]
    other = [p for p in expected if p in found and expected[p] != found[p] != SKIPPED]
    return f"lost {lost[:3]}, unexpected {new[:3]}, changed {other[:3]}"


def run(kills: int, seed: int, scratch: Path) -> list[Trial]:
    """Kill `kills` times, every operation in turn; a trial for each operation."""
    victim = Victim(scratch, seed)
    trials = [Trial(f"SIGKILL during: {operation}") for operation in OPERATIONS]
    for number in range(kills):
        trial, operation = trials[number % len(trials)], OPERATIONS[number % len(trials)]
        with trial.timed(), one_more_migration(operation == "migrate"):
            victim.change(operation)
            # It may end before it is killed: then there was no kill, and it is tried again.
            while (expected := victim.kill(operation)) is None:
                victim.complete()
                victim.change(operation)
            trial.tried += 1
            trial.failures += [f"kill {number}: {p}" for p in victim.problems(expected)]
            if operation == "migrate":  # the others know nothing of the format that was added
                write_format_1(victim.folder)
        if operation == "migrate":
            victim.complete()
    return trials


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}\n")
    with tempfile.TemporaryDirectory(prefix="lookalike-kills-") as scratch:
        trials = run(arguments.kills, arguments.seed, Path(scratch).resolve())
    print_trials(trials)
    sys.exit(any(trial.failures for trial in trials))


if __name__ == "__main__":
    main()
