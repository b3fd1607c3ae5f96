"""Workers with a fault, and how to find those that run."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path

from lookalike.crew.parcel import Finished
from lookalike.crew.worker import Worker
from lookalike.indexer import Candidate


class Blind(Worker):
    """Sees no file, as on a machine that has another under each of the paths."""

    def read(
        self, number: int, candidates: Sequence[Candidate], contents: dict[int, bytes]
    ) -> list[bytes | None]:
        others = [
            one if at in contents else one._replace(mtime_ns=one.mtime_ns + 1)
            for at, one in enumerate(candidates)
        ]
        return super().read(number, others, contents)


class Mortal(Worker):
    """Dies of every picture whose name says so."""

    def finish(self, number: int, known: frozenset[int], proven: bool) -> Finished:
        if any(one and "deadly" in one.candidate.path for one in self._read[number]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().finish(number, known, proven)


def running() -> list[int]:
    """Process ids of the workers below this process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if name.startswith(b"ray::Worker") and _is_ours(int(folder.name)):
            found.append(int(folder.name))
    return found


def _is_ours(pid: int) -> bool:
    while pid > 1 and pid != os.getpid():
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return pid == os.getpid()
