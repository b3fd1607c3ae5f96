"""Starting and stopping the server."""

import os
import signal
import socket
import subprocess
import sys
import threading

import httpx2
import pytest

from lookalike import Collection, LookalikeError
from lookalike.server import serve


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", ""])
def test_only_this_machine_is_served(collection: Collection, host: str) -> None:
    with pytest.raises(LookalikeError, match=r"use --host 127\.0\.0\.1"):
        serve(collection, host=host)


def test_a_port_that_is_taken_is_said(collection: Collection) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(LookalikeError, match=rf"port {port} .* --port"):
            serve(collection, port=port)


def test_a_port_that_cannot_be(collection: Collection) -> None:
    with pytest.raises(LookalikeError, match="--port"):
        serve(collection, port=70_000)


SCRIPT = """
import sys, lookalike
from lookalike.server import serve
with lookalike.open(sys.argv[1]) as photos:
    serve(photos, port=0, on_ready=lambda address: print(address, flush=True))
print("stopped", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent by signal")
def test_it_says_when_it_is_ready_and_stops_on_ctrl_c(collection: Collection) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, collection.location],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    killer = threading.Timer(60, process.kill)
    killer.start()
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert httpx2.get(address + "healthz").json() == {"status": "ok"}
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30)
    finally:
        killer.cancel()
        process.kill()
        process.communicate()
    assert (rest, errors, process.returncode) == ("stopped\n", "", 0)
