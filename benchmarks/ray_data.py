"""Ray Data beside our own actors, for the same work; and how much one driver can feed and commit.

    python -m benchmarks.ray_data [--images FOLDER] [--rounds 3] [--model compact]

Both read, hash, decode and encode the same pictures by the same code, in one worker a core, and
write them into a new local collection, in turns, so that a machine whose speed drifts treats both
alike. Ray Data gets the parcels as rows of `map_batches` with a class, which loads the model once a
worker; its driver writes a parcel when it comes. The last way is our actors with nothing to do:
they give ready vectors without reading a file, so what is left is the driver and the messages.
The start is a run over one picture.
"""

import argparse
import hashlib
import logging
import os
import pickle
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import lookalike
from benchmarks.table import print_table
from lookalike.cluster.model import ModelFiles
from lookalike.crew.parcel import PICTURES, Finished
from lookalike.crew.worker import READERS, Worker
from lookalike.decode import DETAILS
from lookalike.encoders import cores, identity, load
from lookalike.indexer import Candidate, Fresh
from lookalike.store import Changes, FileRecord, LocalStore

SHARED = Path(os.environ.get("LOOKALIKE_SHARED", "../shared"))


class Ready(Worker):
    """Gives vectors that are there already, and reads nothing."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        self._candidates: dict[int, Sequence[Candidate]] = {}

    def read(
        self,
        number: int,
        candidates: Sequence[Candidate],
        contents: dict[int, bytes],  # noqa: ARG002  see `Worker`
    ) -> list[bytes | None]:
        """Digests of the paths."""
        self._candidates[number] = candidates
        return [_digest(one) for one in candidates]

    def finish(
        self,
        number: int,
        known: frozenset[int],  # noqa: ARG002  see `Worker`
        proven: bool,  # noqa: ARG002  see `Worker`
    ) -> Finished:
        """The same vector for each."""
        assert self._encoder is not None
        vector = np.zeros(identity(self._encoder.spec).dimension, np.float32)
        vector[0] = 1
        outcomes = [Fresh(_record(one), vector, ()) for one in self._candidates.pop(number)]
        return Finished(outcomes, {})


class Stage:
    """Our worker as Ray Data calls it: a parcel of candidates in, its outcomes out."""

    def __init__(self, model: ModelFiles) -> None:
        self._worker = Worker(1)
        self._worker.set_up(model, READERS, False)

    def __call__(self, rows: dict[str, Any]) -> dict[str, list[bytes]]:
        """Rows of parcels to rows of what became of them."""
        answers = []
        for parcel in map(pickle.loads, rows["parcel"]):
            self._worker.read(0, parcel, {})
            answers.append(pickle.dumps(self._worker.finish(0, frozenset(), True)))
        return {"finished": answers}


def by_actors(images: Path, scratch: str, model: str) -> int:
    """Pictures that a run on our actors has written."""
    with lookalike.open(Path(tempfile.mkdtemp(dir=scratch), "c"), model=model) as photos:
        return photos.index(images, ray="auto", worker_cpus=1).added


def by_ready_actors(images: Path, scratch: str, model: str) -> int:
    """The same, where workers have nothing to do."""
    with mock.patch("lookalike.cluster.actors.Worker", Ready):
        return by_actors(images, scratch, model)


def by_ray_data(images: Path, scratch: str, model: str) -> int:
    """Pictures that a run on Ray Data has written."""
    import ray.data

    encoder = load(model)
    place = os.path.join(tempfile.mkdtemp(dir=scratch), "c")
    store = LocalStore.create(place, identity(encoder.spec), model)
    rows = [{"parcel": pickle.dumps(parcel)} for parcel in parcels(images)]
    outcomes = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
        Stage,
        fn_constructor_args=(ModelFiles.of(encoder),),
        batch_size=1,
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(size=cores()),
    )
    with store.write() as writer:
        for row in outcomes.iter_rows():
            done = [one for one in pickle.loads(row["finished"]).outcomes if isinstance(one, Fresh)]
            writer.apply(
                Changes(put=[one.file for one in done], vectors=[one.vector for one in done])
            )
    written = store.count()
    store.close()
    return written


def parcels(images: Path) -> Iterator[list[Candidate]]:
    """All files, as parcels of the size that ours have."""
    paths = [path for path in sorted(images.rglob("*")) if path.is_file()]
    for start in range(0, len(paths), PICTURES):
        yield [_candidate(path) for path in paths[start : start + PICTURES]]


def _candidate(path: Path) -> Candidate:
    status = path.stat()
    return Candidate(str(path.resolve()), status.st_size, status.st_mtime_ns, (), DETAILS, None)


def _digest(candidate: Candidate) -> bytes:
    return hashlib.blake2b(candidate.path.encode(), digest_size=16).digest()


def _record(candidate: Candidate) -> FileRecord:
    path, size, mtime_ns = candidate[:3]
    return FileRecord(path, size, mtime_ns, _digest(candidate), 150, 150, "JPEG")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, default=SHARED / "data/intel/test")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="compact")
    args = parser.parse_args()
    import ray
    import ray.data

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(
        address="local",
        num_cpus=cores(),
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.CRITICAL,
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    count = sum(len(files) for _, _, files in os.walk(args.images))
    ways: dict[str, Callable[[Path, str, str], int]] = {
        "our actors": by_actors,
        "Ray Data": by_ray_data,
        "our actors, ready vectors": by_ready_actors,
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    begun: dict[str, list[float]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as scratch:
        one = Path(scratch, "one")
        one.mkdir()
        picture = next(path for path in sorted(args.images.rglob("*")) if path.is_file())
        (one / picture.name).write_bytes(picture.read_bytes())
        for number in range(args.rounds):
            for name, run in ways.items():
                for images, much, times in ((one, 1, begun), (args.images, count, taken)):
                    started = time.monotonic()
                    written = run(images, scratch, args.model)
                    spent = time.monotonic() - started
                    if written < 0.99 * much:
                        raise SystemExit(f"{name}: {written} of {much} in round {number}")
                    times[name].append(spent)
    print_table(
        [f"{count} pictures", "images/s", "start, s", "images/s without the start"],
        [
            [
                name,
                f"{count / statistics.median(taken[name]):.0f}",
                f"{statistics.median(begun[name]):.1f}",
                f"{count / (statistics.median(taken[name]) - statistics.median(begun[name])):.0f}",
            ]
            for name in ways
        ],
    )
    ray.shutdown()


if __name__ == "__main__":
    main()
