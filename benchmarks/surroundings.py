"""What goes on around an indexer: other processes, drives that come and go, clocks, changes.

    python -m benchmarks.surroundings [--times 5] [--seed 0]

Each trial makes the real thing happen to a real indexer, then checks that nothing was forgotten or
doubled, and that the next run brings the collection to exactly what is on disk.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support import faults, mounts
from tests.support.encoder import CountingEncoder
from tests.support.formats import one_more_migration, write_format_1
from tests.support.pictures import write_gallery, write_picture

from benchmarks.kills import PROJECT
from benchmarks.trial import Trial, print_trials
from lookalike.errors import LookalikeError
from lookalike.indexer import index
from lookalike.store import LocalStore
from lookalike.types import IndexSummary

PICTURES = 60


class Place:
    """A folder of pictures, and a collection over it."""

    def __init__(self, scratch: Path, name: str) -> None:
        self.scratch = scratch / name
        self.root = self.scratch / "pictures"
        self.folder = self.scratch / "c"
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.root.mkdir(parents=True)
        LocalStore.create(str(self.folder), CountingEncoder().identity, "").close()

    def index(self) -> IndexSummary:
        """Index to the end."""
        with self.store() as store:
            return index(store, CountingEncoder(), [str(self.root)])

    @contextmanager
    def store(self) -> Iterator[LocalStore]:
        """The collection, open."""
        store = LocalStore(str(self.folder))
        try:
            yield store
        finally:
            store.close()

    def names(self) -> list[str]:
        """Paths of what is in the collection, sorted."""
        with self.store() as store:
            return sorted(item.file.path for files, _ in store.scan() for item in files)

    def on_disk(self) -> list[str]:
        """Paths of the pictures on disk, sorted."""
        return sorted(str(p) for p in self.root.rglob("*") if p.suffix in (".jpg", ".png"))

    def start(self, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
        """An indexer in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.reporting", str(self.folder), str(self.root)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=PROJECT,
            env=env,
        )

    def settles(self, trial: Trial) -> None:
        """The next run brings the collection to what is on disk."""
        self.index()
        trial.check(self.names() == self.on_disk(), "the next run did not settle it")


def two_indexers(place: Place, _rng: random.Random, trial: Trial) -> None:
    """Both at once: one works, the other is told; or one after the other, where one is quick."""
    write_gallery(place.root, PICTURES)
    processes = [place.start(), place.start()]
    said = [process.communicate(timeout=120)[0].splitlines()[-1] for process in processes]
    busy = sum("CollectionBusyError" in line for line in said)
    trial.check(busy + sum('"added"' in line for line in said) == 2 and busy < 2, str(said))
    trial.check(place.names() == place.on_disk(), "not everything is there once")


def reader_during_migration(place: Place, _rng: random.Random, trial: Trial) -> None:
    """A search before, during and after sees every picture."""
    write_gallery(place.root, PICTURES)
    place.index()
    write_format_1(place.folder)
    troubles: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                with place.store() as store:
                    found = store.search(store.vectors([1]), PICTURES)
                    if found.ids.shape != (1, PICTURES):
                        troubles.append(f"{found.ids.shape[1]} found")
            except LookalikeError as error:
                troubles.append(str(error))

    with one_more_migration():
        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        place.index()
        done.set()
        for reader in readers:
            reader.join()
        trial.failures += sorted(set(troubles))
        trial.check(place.names() == place.on_disk(), "not everything is there once")
        place.settles(trial)


def clock_changes(place: Place, rng: random.Random, trial: Trial) -> None:
    """Files from the past and the future, and content that changes as the clock is set back."""
    paths = write_gallery(place.root, PICTURES)
    stamps = [0, 1, 10**18, 4 * 10**18, time.time_ns() + 10**16]
    for path in paths:
        stamp = rng.choice(stamps)
        os.utime(path, ns=(stamp, stamp))
    place.index()
    changed = rng.sample(paths, 10)
    for path in changed:
        before = path.stat().st_mtime_ns
        write_picture(path, rng.randrange(10**6, 10**9), "PNG" if path.suffix == ".png" else "JPEG")
        earlier = max(0, before - 3600 * 10**9) if before else 5
        os.utime(path, ns=(earlier, earlier))
    summary = place.index()
    trial.check(summary.updated == len(changed), f"{summary.updated} of {len(changed)} were seen")
    trial.check(place.index().unchanged == PICTURES, "unchanged files were read again")


def changing_folder(place: Place, rng: random.Random, trial: Trial) -> None:
    """Files and folders come, go and change while the indexer walks."""
    write_gallery(place.root, PICTURES)
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.is_set():
            number += 1
            with suppress(OSError):
                _change_something(place.root, rng, number)

    changer = threading.Thread(target=change)
    changer.start()
    try:
        for _ in range(3):
            place.index()
    finally:
        done.set()
        changer.join()
    place.settles(trial)


def _change_something(root: Path, rng: random.Random, number: int) -> None:
    found = sorted(p for p in root.rglob("*") if p.suffix in (".jpg", ".png"))
    if len(found) < PICTURES // 2 or rng.random() < 0.3:
        write_picture(root / f"n{rng.randrange(4)}" / f"{number}.jpg", rng.randrange(10**9))
        return
    one = rng.choice(found)
    what = rng.choice(["delete", "rename", "cut", "folder", "becomes a folder"])
    if what == "delete":
        one.unlink()
    elif what == "rename":
        one.rename(one.with_name(f"r{number}{one.suffix}"))
    elif what == "cut":
        one.write_bytes(one.read_bytes()[: rng.randrange(1, 400)])
        write_picture(one, rng.randrange(10**9))
    elif what == "folder" and one.parent != root:
        one.parent.rename(one.parent.with_name(f"f{number}"))
    else:
        one.unlink()
        one.mkdir()
        one.rmdir()


def vanishing_drive(place: Place, rng: random.Random, trial: Trial) -> None:
    """The drive goes away in the middle of a run; when it is back, everything is still known.

    A drive that is mounted elsewhere meanwhile is known there.
    """
    mounted = mounts.can_mount()
    if mounted:
        mounts.mount(place.root, 20_000)
    trial.note = "a drive that is unmounted" if mounted else "a folder that is renamed away"
    try:
        write_gallery(place.root, PICTURES)
        place.index()
        before = place.names()
        for number in range(40):
            write_picture(place.root / "more" / f"{number}.jpg", 5000 + number)
        process = place.start()
        assert process.stdout
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.5))
        away = place.scratch / "away"
        if mounted:  # moved, not unmounted: what is on it has to come back
            away.mkdir()
            subprocess.run(["mount", "--move", str(place.root), str(away)], check=True)
        else:
            place.root.rename(away)
        process.communicate(timeout=120)
        for _ in range(2):
            place.index()
            known = {name.replace(str(away), str(place.root)) for name in place.names()}
            trial.check(set(before) <= known, "pictures were forgotten")
        if mounted:
            subprocess.run(["mount", "--move", str(away), str(place.root)], check=True)
        else:
            away.rename(place.root)
        place.settles(trial)
    finally:
        if mounted:
            mounts.unmount(place.root)


def drive_without_wal(place: Place, _rng: random.Random, trial: Trial) -> None:
    """A drive on which processes share no memory, as with some network drives."""
    if not faults.compiler():
        trial.note = "needs Linux and a C compiler"
        return
    write_gallery(place.root, PICTURES)
    env = faults.layer(place.scratch, place.folder, fault="nomap")
    process = place.start(env)
    said = process.communicate(timeout=120)[0].splitlines()[-1]
    trial.check(f'"added": {PICTURES}' in said, said)
    trial.check(not list(place.folder.glob("*-wal")), "it has a write-ahead log all the same")
    search = (
        "import sys; from lookalike.store import LocalStore; s = LocalStore(sys.argv[1]); "
        "print(s.search(s.vectors([1]), 1000).ids.shape[1])"
    )
    found = subprocess.run(
        [sys.executable, "-c", search, str(place.folder)],
        capture_output=True,
        text=True,
        check=False,
        env=env,
    )
    trial.check(found.stdout.strip() == str(PICTURES), found.stdout + found.stderr[-300:])
    place.settles(trial)


TRIALS: dict[str, Callable[[Place, random.Random, Trial], None]] = {
    "two indexers at once": two_indexers,
    "readers during a migration": reader_during_migration,
    "clocks that change": clock_changes,
    "a folder that changes while it is walked": changing_folder,
    "a drive that vanishes in mid-run": vanishing_drive,
    "a drive without shared memory (no WAL)": drive_without_wal,
}


def run(times: int, seed: int, scratch: Path) -> list[Trial]:
    """Each of `TRIALS`, `times` times."""
    trials = []
    for what, attempt in TRIALS.items():
        trial = Trial(what)
        rng = random.Random(seed)
        with trial.timed():
            for _ in range(times):
                try:
                    attempt(Place(scratch, "place"), rng, trial)
                except LookalikeError as error:
                    trial.check(False, f"{type(error).__name__}: {error}")
                trial.tried += 1
        trials.append(trial)
    return trials


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}\n")
    with tempfile.TemporaryDirectory(prefix="lookalike-surroundings-") as scratch:
        trials = run(arguments.times, arguments.seed, Path(scratch).resolve())
    print_trials(trials)
    sys.exit(any(trial.failures for trial in trials))


if __name__ == "__main__":
    main()
