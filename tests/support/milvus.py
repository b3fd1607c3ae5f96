"""A real Milvus server for the whole run of the tests, whichever worker asks for it first.

As a program it is the server's keeper: it starts one, and stops it when the run has ended.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import filelock
import pytest

START_S = 180.0


def is_there() -> bool:
    """Whether the package with the server is installed; there is one for Linux on x86-64 alone."""
    try:
        import milvus  # noqa: F401
        import pymilvus  # noqa: F401
    except ImportError:
        return False
    return True


def shared_address(factory: pytest.TempPathFactory) -> str:
    """`milvus://host:port` of the server of this run, started if need be.

    `LOOKALIKE_TEST_MILVUS` names one that runs already, which saves its start.
    """
    if running := os.environ.get("LOOKALIKE_TEST_MILVUS"):
        return running
    base = factory.getbasetemp()
    controller = os.getpid()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base, controller = base.parent, os.getppid()
    place = base / "milvus"
    with filelock.FileLock(f"{place}.lock", timeout=2 * START_S):
        if not (place / "address").exists():
            place.mkdir(exist_ok=True)
            subprocess.Popen(
                [sys.executable, "-m", "tests.support.milvus", str(controller), str(place)],
                stdout=(place / "keeper.log").open("w"),
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            patience = time.monotonic() + START_S
            while not (place / "address").exists():
                assert time.monotonic() < patience, (place / "keeper.log").read_text()
                time.sleep(0.2)
    return (place / "address").read_text()


class OwnServer:
    """A server of one test, to be killed and started again."""

    def __init__(self, place: Path) -> None:
        from milvus import MilvusServer

        self._place = place
        self._server = MilvusServer()
        self._server.set_base_dir(str(place))
        # A read that has to see the last write waits for a tick of the clock: 200 ms otherwise.
        self._server.config.extra_configs["proxy.timeTickInterval"] = 20

    def start(self) -> str:
        """Start it, or start it again with the data that it had; its address."""
        self._server.start()
        return f"milvus://127.0.0.1:{self._server.listen_port}"

    def kill(self) -> None:
        """As a loss of power would."""
        process = self._server.server_proc
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        self._server.server_proc = None

    def stop(self) -> None:
        """End it."""
        self._server.stop()


def keep(controller: int, place: Path) -> None:
    """Run a server until the process `controller` is gone."""
    server = OwnServer(place / "server")
    try:
        address = server.start()
        scratch = place / "address.new"
        scratch.write_text(address)
        scratch.rename(place / "address")
        while _is_running(controller):
            time.sleep(0.5)
    finally:
        server.stop()


def _is_running(process: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False


if __name__ == "__main__":
    print(json.dumps(sys.argv))
    keep(int(sys.argv[1]), Path(sys.argv[2]))
