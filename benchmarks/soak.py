"""A server under load: 64 clients with good, bad, slow, oversized and aborted requests.

    python -m benchmarks.soak [--minutes 10] [--clients 64] [--seed 0]

A real `lookalike serve` process on this machine's own address, while its collection is indexed
again and again. No answer may be a 5xx, every good request has to be right (a picture finds
itself), and memory has to be flat: see `BYTES_AN_ANSWER`. 429 is an answer: the client comes again
when it is told.
"""

import argparse
import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from tests.support.model import make_model
from tests.support.pictures import encoded, write_gallery

import lookalike
from benchmarks.trial import Trial, print_trials

PICTURES = 200
SAMPLES = 300
"""How often memory is looked at."""

WARM_UP = 1 / 3
"""The share of the run in which threads, connections and caches are made for the first time."""

BYTES_AN_ANSWER = 1024
"""Memory is flat if it grows by less than this for each answer, after the warm-up.

The smallest request, its headers and its line in the log take about as much: a server that keeps
anything of what it answers grows faster. What is below it is the allocator's.
"""

ENOUGH = 10_000
"""Fewest answers after the warm-up to judge by: the threads of the server, forty of them, each have
a connection to the database, whose cache fills over the first thousands."""

Kind = Callable[[httpx2.AsyncClient, random.Random], Awaitable[None]]


class Soak:
    """The clients, and what they saw."""

    def __init__(self, address: str, ids: dict[int, int], seed: int) -> None:
        self.address = address
        self.ids = ids
        self.seed = seed
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.good = 0
        self.slowest = 0.0
        self.until = 0.0

    async def run(self, clients: int, seconds: float) -> None:
        """Keep all clients busy for a while."""
        self.until = time.monotonic() + seconds
        # Let go of before the server hangs up on it, which would break a request just sent.
        limits = httpx2.Limits(max_connections=clients, keepalive_expiry=1)
        async with httpx2.AsyncClient(base_url=self.address, limits=limits, timeout=120) as http:
            await asyncio.gather(*(self._client(http, number) for number in range(clients)))

    async def _client(self, http: httpx2.AsyncClient, number: int) -> None:
        rng = random.Random(f"{self.seed} {number}")
        kinds: list[Kind] = [self._look, self._oversized, self._slow, self._aborted]
        for _ in range(4):  # most are plain
            kinds += [self._good, self._by_id, self._bad]
        while time.monotonic() < self.until:
            kind = rng.choice(kinds)
            began = time.monotonic()
            try:
                await kind(http, rng)
            except (httpx2.TransportError, OSError, EOFError, ValueError) as error:
                what = kind.__name__.strip("_")
                self.wrong.append(f"no answer ({what}): {type(error).__name__} {error}")
            self.slowest = max(self.slowest, time.monotonic() - began)

    async def _ask(self, http: httpx2.AsyncClient, **request: Any) -> httpx2.Response:
        while True:
            answer = await http.request(**request)
            self.statuses[answer.status_code] += 1
            if answer.status_code != 429:
                return answer
            await asyncio.sleep(float(answer.headers["Retry-After"]))

    async def _good(self, http: httpx2.AsyncClient, rng: random.Random) -> None:
        seed = rng.choice(list(self.ids))
        kind = "PNG" if seed % 2 else "JPEG"
        files = {"file": ("a.jpg", encoded(seed, kind))}
        answer = await self._ask(http, method="POST", url="/api/search", files=files)
        self._check(answer, self.ids[seed])

    async def _by_id(self, http: httpx2.AsyncClient, rng: random.Random) -> None:
        image_id = rng.choice(list(self.ids.values()))
        body = {"id": image_id, "k": rng.choice([1, 10, 100])}
        self._check(await self._ask(http, method="POST", url="/api/search", json=body), image_id)

    def _check(self, answer: httpx2.Response, image_id: int) -> None:
        self.good += 1
        hits = answer.json().get("hits") if answer.status_code == 200 else None
        if not hits or hits[0]["id"] != image_id or hits[0]["score"] < 0.99:
            self.wrong.append(f"status {answer.status_code}, not picture {image_id} first")

    async def _look(self, http: httpx2.AsyncClient, rng: random.Random) -> None:
        image_id = rng.choice(list(self.ids.values()))
        place = rng.choice(["", "/thumbnail", "/thumbnail?side=640"])
        answer = await self._ask(http, method="GET", url=f"/api/images/{image_id}{place}")
        if answer.status_code != 200:
            self.wrong.append(f"status {answer.status_code} for picture {image_id}")

    async def _bad(self, http: httpx2.AsyncClient, rng: random.Random) -> None:
        requests: list[dict[str, Any]] = [
            {"method": "POST", "url": "/api/search", "json": {"id": -1}},
            {"method": "POST", "url": "/api/search", "json": {"id": 10**15}},
            {"method": "POST", "url": "/api/search", "content": b"{" * 500},
            {"method": "POST", "url": "/api/search", "files": {"file": rng.randbytes(3000)}},
            {"method": "POST", "url": "/api/search", "files": {"file": encoded(1)[:300]}},
            {"method": "GET", "url": "/api/images/0"},
            {"method": "GET", "url": "/api/images/..%2f..%2fetc%2fpasswd"},
            {"method": "PATCH", "url": "/api/status"},
        ]
        answer = await self._ask(http, **rng.choice(requests))
        if not 400 <= answer.status_code < 500:
            self.wrong.append(f"status {answer.status_code} to a bad request")

    async def _oversized(self, _http: httpx2.AsyncClient, _rng: random.Random) -> None:
        headers = {"Content-Type": "application/json", "Content-Length": str(10**9)}
        answer = await self._raw("POST /api/search", headers, b"{}")
        self.statuses[answer] += 1
        if answer != 413:
            self.wrong.append(f"status {answer} to a gigabyte")

    async def _slow(self, _http: httpx2.AsyncClient, rng: random.Random) -> None:
        body = b'{"id": %d}' % rng.choice(list(self.ids.values()))
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        status = await self._raw("POST /api/search", headers, body, pause=0.2)
        self.statuses[status] += 1
        if status not in (200, 429):
            self.wrong.append(f"status {status} to a slow request")

    async def _aborted(self, _http: httpx2.AsyncClient, rng: random.Random) -> None:
        headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": "9000"}
        await self._raw("POST /api/search", headers, rng.randbytes(100), listen=False)

    async def _raw(
        self,
        line: str,
        headers: dict[str, str],
        body: bytes,
        *,
        pause: float = 0,
        listen: bool = True,
    ) -> int:
        """A request by hand; its status, or 0 where nobody listens."""
        host, _, port = self.address.removeprefix("http://").strip("/").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            head = f"{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            writer.write(head.encode() + b"\r\n")
            for start in range(0, len(body), 4 if pause else len(body)):
                writer.write(body[start : start + 4] if pause else body)
                await writer.drain()
                await asyncio.sleep(pause)
            if not listen:
                return 0
            first = await asyncio.wait_for(reader.readline(), 120)
            return int(first.split()[1])
        finally:
            writer.close()


@dataclass(frozen=True, slots=True)
class Sample:
    """The server's memory at one moment of the run.

    Attributes:
        seconds: since the clients began.
        answers: that they had got by then.
        memory: resident, in bytes.
    """

    seconds: float
    answers: int
    memory: int


def resident(process: int) -> int:
    """Memory of a process, bytes; 0 where the system does not tell."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmRSS:\s+(\d+)", text)
    return int(found[1]) * 1024 if found else 0


async def _watch(soak: Soak, clients: int, seconds: float, process: int) -> list[Sample]:
    """Run the clients, and take the memory of the server as they go."""
    started = time.monotonic()
    running = asyncio.create_task(soak.run(clients, seconds))
    samples = []
    while not running.done():
        answers = sum(soak.statuses.values())
        samples.append(Sample(time.monotonic() - started, answers, resident(process)))
        await asyncio.wait([running], timeout=max(0.2, seconds / SAMPLES))
    await running
    return samples


def _address(server: "subprocess.Popen[bytes]", log: Path) -> str:
    """Where the server says that it is, once it does."""
    deadline = time.monotonic() + 120
    while not (told := re.search(r"http://\S+?(?=/? )", log.read_text())):
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server did not start: {log.read_text()[-500:]}")
        time.sleep(0.1)
    return told[0]


def slope(samples: Sequence[Sample]) -> float:
    """Bytes by which memory grows an answer: the median over all pairs of samples.

    Unlike a fitted line, it is not moved by the few moments in which a large upload is worked on.
    """
    answers = np.array([sample.answers for sample in samples], dtype=np.float64)
    memory = np.array([sample.memory for sample in samples], dtype=np.float64)
    one, other = np.triu_indices(len(samples), 1)
    apart = answers[other] - answers[one]
    grown = (memory[other] - memory[one])[apart > 0] / apart[apart > 0]
    return float(np.median(grown)) if len(grown) else 0.0


def _judge(flat: Trial, samples: Sequence[Sample]) -> None:
    warm = [sample for sample in samples if sample.seconds >= WARM_UP * samples[-1].seconds]
    answers = warm[-1].answers - warm[0].answers
    grows = slope(warm)
    flat.note = (
        f"{warm[0].memory / 1e6:.0f} MB after the warm-up, {warm[-1].memory / 1e6:.0f} MB at the "
        f"end: {grows:,.0f} bytes an answer over {answers:,} answers"
    )
    if answers < ENOUGH:
        flat.note += ", too few to judge"
        return
    flat.tried = 1
    flat.check(grows < BYTES_AN_ANSWER, f"it grows by {grows:,.0f} bytes an answer")


def run(seconds: float, clients: int, seed: int, scratch: Path) -> list[Trial]:
    """Serve, index and ask for so long."""
    pictures, folder = scratch / "pictures", scratch / "c"
    paths = write_gallery(pictures, PICTURES)
    model = make_model(scratch / "model")
    with lookalike.open(folder, model=model) as photos:
        photos.index(pictures)
        by_path = {item.file.path: item.id for item in photos.browse(0, PICTURES)}
    ids = {number: by_path[str(path)] for number, path in enumerate(paths)}
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "lookalike"]
    log = scratch / "server.log"
    # Not a pipe: one that nobody empties holds up its writer once it is full.
    with log.open("w") as opened:
        server = subprocess.Popen(
            [*command, "serve", "-c", str(folder), "--port", "0"], stderr=opened, env=environment
        )
    indexer = subprocess.Popen([sys.executable, "-c", _INDEX_ON, str(folder), str(pictures)])
    load = Trial(f"{clients} clients for {seconds:.0f} s while indexing goes on")
    flat = Trial("memory of the server under that load")
    try:
        soak = Soak(_address(server, log), ids, seed)
        with load.timed():
            samples = asyncio.run(_watch(soak, clients, seconds, server.pid))
    finally:
        indexer.kill()
        indexer.wait()
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)
    said = log.read_text()
    load.tried = sum(soak.statuses.values())
    errors = sum(count for status, count in soak.statuses.items() if status >= 500)
    load.check(errors == 0, f"{errors} answers were 5xx")
    load.check("Traceback" not in said, said[-500:])
    load.failures += [f"{count}x {what}" for what, count in Counter(soak.wrong).most_common(10)]
    load.note = f"{soak.good:,} good ones right; " + ", ".join(
        f"{count:,}x {status}" for status, count in sorted(soak.statuses.items())
    )
    load.note += f"; slowest {soak.slowest:.1f} s"
    _judge(flat, samples)
    return [load, flat]


_INDEX_ON = """
import sys, pathlib, lookalike
from tests.support.pictures import write_picture
for number in range(10**9):
    write_picture(pathlib.Path(sys.argv[2], "new", f"{number % 50}.jpg"), 10_000 + number)
    with lookalike.open(sys.argv[1]) as photos:
        photos.index(sys.argv[2])
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}\n")
    with tempfile.TemporaryDirectory(prefix="lookalike-soak-") as scratch:
        folder = Path(scratch).resolve()
        trials = run(60 * arguments.minutes, arguments.clients, arguments.seed, folder)
    print_trials(trials)
    sys.exit(any(trial.failures for trial in trials))


if __name__ == "__main__":
    main()
