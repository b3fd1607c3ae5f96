"""The server under 32 clients who search by picture, beside the pure rate of inference.

    python -m benchmarks.serving [--clients 32] [--seconds 10] [--model MODEL_FOLDER]

The bar is what the encoder alone does with these pictures, decoded before: batches of 16 in one
thread. Requests go over HTTP to a server in a process of its own; clients share this process, so on
a small machine they take their part of the cores.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx2
import numpy as np

from benchmarks.table import print_table
from lookalike.decode import decode
from lookalike.encoders import load

SHARED = Path(os.environ.get("LOOKALIKE_SHARED", "../shared"))


def inference_rate(model: str, pictures: list[bytes], seconds: float) -> float:
    """Pictures/s of the encoder alone."""
    encoder = load(model)
    prepared = [encoder.prepare(decode(data, at_least=encoder.decode_hint)) for data in pictures]
    batch = np.stack(prepared[:16])
    encoder.embed(batch)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        encoder.embed(batch)
        done += len(batch)
    return done / (time.perf_counter() - started)


def serve(folder: str) -> tuple[subprocess.Popen[str], str]:
    """A server in a process of its own, and its address."""
    command = [sys.executable, "-m", "lookalike", "serve", "-c", folder, "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    found = re.search(r"http://\S+", process.stderr.readline())
    if not found:
        raise SystemExit("the server did not start")
    return process, found[0]


def ask(address: str, pictures: list[bytes], clients: int, seconds: float) -> list[float]:
    """Seconds of each request that all clients made; an error ends the benchmark."""
    took: list[float] = []
    errors: list[str] = []
    end = time.perf_counter() + seconds

    def client(number: int) -> None:
        with httpx2.Client(base_url=address, timeout=60) as http:
            turn = number
            while time.perf_counter() < end and not errors:
                started = time.perf_counter()
                files = {"file": ("query.jpg", pictures[turn % len(pictures)])}
                answer = http.post("/api/search", files=files, data={"k": "10"})
                took.append(time.perf_counter() - started)
                if answer.status_code != 200:
                    errors.append(f"{answer.status_code}: {answer.text}")
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
        process, address = serve(folder)
        try:
            ask(address, pictures, args.clients, 2)
            rates, pure, took = [], [], []
            for _ in range(3):
                pure.append(inference_rate(args.model, pictures, args.seconds / 3))
                answers = ask(address, pictures, args.clients, args.seconds / 3)
                rates.append(len(answers) / (args.seconds / 3))
                took += answers
        finally:
            process.terminate()
            process.wait()
    rate, alone = statistics.median(rates), statistics.median(pure)
    print_table(
        [f"{args.clients} clients, search by picture", ""],
        [
            ["requests/s", f"{rate:.0f}"],
            ["the encoder alone, pictures/s", f"{alone:.0f}"],
            ["share of it", f"{rate / alone:.2f}"],
            ["median, ms", f"{1000 * statistics.median(took):.0f}"],
            ["p99, ms", f"{1000 * np.percentile(took, 99):.0f}"],
            ["errors", "0"],
        ],
    )


if __name__ == "__main__":
    main()
