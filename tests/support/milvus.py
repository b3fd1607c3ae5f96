"""A real Milvus server for the whole run of the tests, whichever worker asks for it first.

As a program it is the server's keeper: it starts one, and stops it when the run has ended.
"""

import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from pathlib import Path

import filelock
import pytest

START_S = 180.0
_keepers: "list[subprocess.Popen[bytes]]" = []
_STARTING = os.path.join(tempfile.gettempdir(), "lookalike-milvus-starting.lock")


def is_there() -> bool:
    """Whether the package with the server is installed; there is one for Linux on x86-64 alone."""
    try:
        import pymilvus  # noqa: F401

        import milvus  # noqa: F401
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
    with filelock.FileLock(f"{place}.lock", timeout=3 * START_S):
        if not (place / "address").exists():
            place.mkdir(exist_ok=True)
            with (place / "keeper.log").open("w") as log:
                # Kept, as it outlives whoever asked for it.
                _keepers.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "tests.support.milvus", str(controller), str(place)],
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                )
            patience = time.monotonic() + 2 * START_S
            while not (place / "address").exists():
                assert time.monotonic() < patience, (place / "keeper.log").read_text()
                time.sleep(0.2)
    return (place / "address").read_text()


class OwnServer:
    """A server of one test, to be killed and started again."""

    def __init__(self, place: Path) -> None:
        from milvus import MilvusServer

        self._place = place
        self._server = MilvusServer(wait_for_started=False)
        self._server.set_base_dir(str(place))
        # A read that has to see the last write waits for a tick of the clock: 200 ms otherwise.
        self._server.config.extra_configs["proxy.timeTickInterval"] = 20
        # Its catalogue, etcd, has fixed ports of its own: two servers would be in each other's way.
        client, peer = (f"http://127.0.0.1:{port}" for port in _free_ports())
        self._etcd = place / "etcd.yaml"
        self._etcd.write_text(
            f"listen-client-urls: {client}\nadvertise-client-urls: {client}\n"
            f"listen-peer-urls: {peer}\ninitial-advertise-peer-urls: {peer}\n"
            f"initial-cluster: default={peer}\n"
        )

    def start(self) -> str:
        """Start it, or start it again with the data that it had; its address.

        Where it ends at once, it is started again, as a supervisor would do it.
        """
        # One at a time: ports are looked for, let go of, and only then taken.
        with filelock.FileLock(_STARTING, timeout=2 * START_S):
            end = time.monotonic() + START_S
            while True:
                self._begin()
                while self._runs():
                    if self._answers():
                        return self.address
                    assert time.monotonic() < end, "the Milvus server did not start"
                    time.sleep(0.2)
                self._server.stop()

    def _begin(self) -> None:
        os.environ["ETCD_CONFIG_PATH"] = str(self._etcd)
        try:
            with warnings.catch_warnings():
                # The package leaves the sockets open by which it looks for free ports.
                warnings.simplefilter("ignore", ResourceWarning)
                self._server.start()
                gc.collect()
        finally:
            del os.environ["ETCD_CONFIG_PATH"]
        # It keeps its ports: what it had registered under them before it was killed stays true.
        self._server.config.resolve = lambda: None

    def _runs(self) -> bool:
        process = self._server.server_proc
        return process is not None and process.poll() is None

    def _answers(self) -> bool:
        from pymilvus import MilvusClient, MilvusException

        port = self._server.webservice_port
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                if b"OK" not in answer.read():
                    return False
            client = MilvusClient(f"http://127.0.0.1:{self._server.listen_port}", timeout=5)
            client.list_collections()
            client.close()
        except (OSError, MilvusException):
            return False
        return True

    @property
    def address(self) -> str:
        """Where it is, once it runs."""
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


def _free_ports() -> tuple[int, int]:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        return one.getsockname()[1], other.getsockname()[1]


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
    keep(int(sys.argv[1]), Path(sys.argv[2]))
