"""The server under 32 clients who search by picture, beside the pure rate of inference.

    python -m benchmarks.serving [--clients 32] [--seconds 10] [--model MODEL_FOLDER]
        [--precision fp32]

The bar is what the encoder alone does with these pictures, decoded before: batches of 16 in one
thread, in the precision that the server is told to use as well. Requests go over HTTP to a server
in a process of its own. Clients share this process, so on a small machine they take their part of
the cores; they send what was made before, to take little.

A request is more than inference. The limit is cores / CPU seconds of decoding a picture, of
inference and of a client, measured in this run: what a server could do whose HTTP and search cost
nothing. CPU seconds are read from /proc, so this runs on Linux.
"""

import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import numpy as np

from benchmarks.table import print_table
from lookalike.decode import decode
from lookalike.encoders import Encoder, cores, load
from lookalike.types import Pixels

SHARED = Path(os.environ.get("LOOKALIKE_SHARED", "../shared"))


class Alone:
    """The encoder alone, without a server.

    Attributes:
        precision: what it computes in.
        decoding: CPU seconds to decode and resize a picture.
    """

    def __init__(self, model: str, precision: str, pictures: list[bytes]) -> None:
        self._encoder = load(model, precision=precision)
        started = time.process_time()
        prepared = [_prepared(self._encoder, data) for data in pictures]
        self.decoding = (time.process_time() - started) / len(pictures)
        self._batch = np.stack(prepared[:16])
        self._encoder.embed(self._batch)
        self.precision = self._encoder.precision

    def rate(self, seconds: float) -> tuple[float, float]:
        """Pictures/s, and CPU seconds a picture."""
        done, cpu, started = 0, time.process_time(), time.perf_counter()
        while time.perf_counter() - started < seconds:
            self._encoder.embed(self._batch)
            done += len(self._batch)
        return done / (time.perf_counter() - started), (time.process_time() - cpu) / done


def _prepared(encoder: Encoder, data: bytes) -> Pixels:
    return encoder.prepare(decode(data, at_least=encoder.decode_hint))


def cpu_of(process: int) -> float:
    """CPU seconds of another process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serve(folder: str, precision: str = "auto") -> tuple[subprocess.Popen[str], str]:
    """A server in a process of its own, and its address."""
    command = [sys.executable, "-m", "lookalike", "serve", "-c", folder, "--port", "0"]
    command += ["--precision", precision]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    found = re.search(r"http://\S+", process.stderr.readline())
    if not found:
        raise SystemExit("the server did not start")
    return process, found[0]


def request(picture: bytes, address: str) -> bytes:
    """A search by picture, as curl would send it."""
    mark = "----a-part"
    parts = (
        f'--{mark}\r\nContent-Disposition: form-data; name="k"\r\n\r\n10\r\n'
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="query.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    body = parts.encode() + picture + f"\r\n--{mark}--\r\n".encode()
    head = (
        f"POST /api/search HTTP/1.1\r\nHost: {urlsplit(address).netloc}\r\n"
        f"Content-Type: multipart/form-data; boundary={mark}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def answered(stream: BinaryIO) -> None:
    """Read an answer.

    Raises:
        ValueError: it is an error.
    """
    status, size = stream.readline(), 0
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            size = int(value)
    body = stream.read(size)
    if b" 200 " not in status:
        raise ValueError(f"{status!r} {body!r}")


def ask(address: str, requests: list[bytes], clients: int, seconds: float) -> list[float]:
    """Seconds of each request that all clients made; an error ends the benchmark."""
    took: list[float] = []
    errors: list[str] = []
    end = time.perf_counter() + seconds

    def client(number: int) -> None:
        parts = urlsplit(address)
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as link:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream, turn = link.makefile("rb"), number
            while time.perf_counter() < end and not errors:
                started = time.perf_counter()
                link.sendall(requests[turn % len(requests)])
                try:
                    answered(stream)
                except (OSError, ValueError) as error:
                    errors.append(str(error))
                took.append(time.perf_counter() - started)
                turn += clients

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise SystemExit(errors[0])
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--model", default=str(SHARED / "models/mobilenet-edgetpu"))
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--images", type=Path, default=SHARED / "data/intel/test")
    args = parser.parse_args()
    files = sorted(args.images.rglob("*.jpg"))
    pictures = [file.read_bytes() for file in files[:: max(1, len(files) // 256)][:256]]
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, "collection")
        gallery = Path(scratch) / "gallery"
        gallery.mkdir()
        for number, data in enumerate(pictures):
            (gallery / f"{number}.jpg").write_bytes(data)
        command = [sys.executable, "-m", "lookalike", "index", str(gallery), "-c", folder]
        subprocess.run([*command, "--model", args.model], check=True, capture_output=True)
        encoder = Alone(args.model, args.precision, pictures)
        process, address = serve(folder, encoder.precision)
        try:
            requests = [request(data, address) for data in pictures]
            ask(address, requests, args.clients, 2)
            turns, took = [], []
            for _ in range(3):
                alone, inference = encoder.rate(args.seconds / 3)
                before = cpu_of(process.pid), time.process_time(), time.perf_counter()
                answers = ask(address, requests, args.clients, args.seconds / 3)
                after = cpu_of(process.pid), time.process_time(), time.perf_counter()
                server, clients, wall = (b - a for a, b in zip(before, after, strict=True))
                count = len(answers)
                turns.append((count / wall, alone, server / count, clients / count, inference))
                took += answers
        finally:
            process.terminate()
            process.wait()
    rate, alone, server, clients, inference = map(statistics.median, zip(*turns, strict=True))
    limit = cores() / (encoder.decoding + inference + clients)
    print_table(
        [f"{args.clients} clients, search by picture", ""],
        [
            ["requests/s", f"{rate:.0f}"],
            [f"the encoder alone in {encoder.precision}, pictures/s", f"{alone:.0f}"],
            ["share of it", f"{rate / alone:.2f}"],
            ["the limit, requests/s", f"{limit:.0f}"],
            ["share of the encoder alone that it is", f"{limit / alone:.2f}"],
            ["CPU time of the server, ms a request", f"{1000 * server:.2f}"],
            ["of which decoding, alone", f"{1000 * encoder.decoding:.2f}"],
            ["and inference, alone", f"{1000 * inference:.2f}"],
            ["CPU time of a client, ms a request", f"{1000 * clients:.2f}"],
            ["cores at work for them", f"{rate * (server + clients):.2f}"],
            ["median, ms", f"{1000 * statistics.median(took):.0f}"],
            ["p99, ms", f"{1000 * np.percentile(took, 99):.0f}"],
            ["errors", "0"],
        ],
    )


if __name__ == "__main__":
    main()
