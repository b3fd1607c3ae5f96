"""The server is killed, the network is cut, the indexer is killed: nothing is lost or doubled."""

import socket
import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import lookalike
from lookalike.errors import CollectionBusyError, StoreUnavailableError
from lookalike.server import create_app
from lookalike.store.milvus import MilvusStore, lease, patience, server
from tests.support import milvus
from tests.support.gate import gate_before_encoder
from tests.support.pictures import write_gallery
from tests.support.process import ON_ONE_CORE, start
from tests.support.records import encoder_identity, put

pytestmark = pytest.mark.skipif(not milvus.is_there(), reason="the Milvus server is not installed")

COUNT = 150
_PATIENCE_S = 180.0
_SLOWLY = f"""{ON_ONE_CORE}
import time
from lookalike.indexer import ledger, prepare
ledger._COMMIT_EVERY_S = 0.1
import lookalike.indexer.prepare as p
real = p.read_file
def read_slowly(*args, **named):
    time.sleep(0.1)
    return real(*args, **named)
p.read_file = read_slowly
from lookalike.store.milvus import patience, server
patience.LASTS_S = 900.0
server._READ_S = 5.0
"""
"""An indexer that takes some seconds, commits often, and waits as long as a busy machine takes."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[milvus.OwnServer]:
    made = milvus.OwnServer(tmp_path_factory.mktemp("milvus"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    write_gallery(folder, COUNT)
    return folder


def wait_until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        with suppress(lookalike.LookalikeError):
            if true():
                return
        time.sleep(0.1)
    pytest.fail(f"it did not come to this: {what}")


def stored(address: str) -> int:
    if not MilvusStore.exists(address):
        return 0
    store = MilvusStore(address)
    try:
        return store.count()
    finally:
        store.close()


def assert_whole(address: str, folder: Path) -> None:
    """Every picture of the folder once, with the vector that it should have."""
    with lookalike.open(address) as photos:
        paths = Counter(i.file.path for part, _ in photos.scan() for i in part)
        assert paths == Counter(str(path) for path in folder.rglob("*.*"))
        for path in sorted(folder.rglob("*.jpg"))[::20]:
            best = photos.search(path, 1)[0]
            assert best.path == str(path)
            assert best.score > 0.99


def test_a_server_killed_and_restarted_in_mid_index(
    own: milvus.OwnServer, many: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{own.address}/k_{uuid.uuid4().hex}"
    monkeypatch.setattr(server, "_READ_S", 3.0)
    indexing = start(["index", many, "-c", address, "--model", tiny_model], _SLOWLY)
    wait_until(lambda: 0 < stored(address) < COUNT, "a part is stored")
    with (
        lookalike.open(address) as photos,
        TestClient(create_app(photos), base_url="http://127.0.0.1:8765") as client,
    ):
        first = next(i.id for i in photos.browse(0, 1))
        assert client.post("/api/search", json={"id": first}).status_code == 200
        own.kill()
        assert_refused(client, first)
        with pytest.raises(StoreUnavailableError):
            photos.browse(0, 1)
        own.start()
        wait_until(
            lambda: client.post("/api/search", json={"id": first}).status_code == 200,
            "the same server of pictures answers again",
        )
    assert_rode_out(indexing)
    assert_whole(address, many)


def test_an_indexer_killed_and_started_again(
    own: milvus.OwnServer, many: Path, tiny_model: Path
) -> None:
    address = f"{own.address}/d_{uuid.uuid4().hex}"
    indexing = start(["index", many, "-c", address, "--model", tiny_model], _SLOWLY)
    wait_until(lambda: 0 < stored(address) < COUNT, "a part is stored")
    indexing.kill()
    indexing.communicate()
    # The lease of a process that is not there any more, on this machine, needs no waiting.
    again = start(["index", many, "-c", address])
    _, told = again.communicate(timeout=_PATIENCE_S)
    assert again.returncode == 0, told
    assert_whole(address, many)


def test_a_network_that_is_cut_for_twenty_seconds(
    own: milvus.OwnServer, many: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_READ_S", 3.0)
    with Wire(own.address) as wire:
        address = f"{wire.address}/n_{uuid.uuid4().hex}"
        indexing = start(["index", many, "-c", address, "--model", tiny_model], _SLOWLY)
        wait_until(lambda: 0 < stored(address) < COUNT, "a part is stored")
        with (
            lookalike.open(address) as photos,
            TestClient(create_app(photos), base_url="http://127.0.0.1:8765") as client,
        ):
            first = next(i.id for i in photos.browse(0, 1))
            wire.cut()
            mended = threading.Timer(20, wire.mend)
            mended.start()
            assert_refused(client, first)
            mended.join()
            wait_until(
                lambda: client.post("/api/search", json={"id": first}).status_code == 200,
                "the same server of pictures answers again",
            )
        assert_rode_out(indexing)
        assert_whole(address, many)


def test_a_job_of_the_server_says_that_it_waits(
    own: milvus.OwnServer, many: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_READ_S", 3.0)
    monkeypatch.setattr(server, "_WRITE_S", 3.0)
    monkeypatch.setattr(patience, "LASTS_S", 900.0)
    with Wire(own.address) as wire:
        address = f"{wire.address}/j_{uuid.uuid4().hex}"
        with (
            lookalike.open(address, model=tiny_model) as photos,
            TestClient(create_app(photos), base_url="http://127.0.0.1:8765") as client,
            gate_before_encoder() as gate,
        ):

            def job() -> dict[str, Any]:
                found: dict[str, Any] = client.get("/api/index").json()["job"]
                return found

            assert photos.create()
            client.post("/api/index", json={"folders": [str(many)]})
            assert gate.reached.wait(_PATIENCE_S)
            wire.cut()
            gate.open()
            wait_until(lambda: job()["waiting"], "the job waits")
            assert f"server of {address} does not answer: waiting for it" in job()["waiting"]
            wire.mend()
            wait_until(lambda: job()["state"] == "done", "the job goes on")
            assert job()["waiting"] is None
        assert_whole(address, many)


def test_a_network_that_is_cut_for_too_long(
    own: milvus.OwnServer, many: Path, tiny_model: Path
) -> None:
    with Wire(own.address) as wire:
        address = f"{wire.address}/l_{uuid.uuid4().hex}"
        indexing = start(
            ["index", many, "-c", address, "--model", tiny_model],
            f"{_SLOWLY}\nserver._READ_S = server._WRITE_S = 2.0\npatience.LASTS_S = 1.0",
        )
        wait_until(lambda: 0 < stored(address) < COUNT, "a part is stored")
        wire.cut()
        _, told = indexing.communicate(timeout=_PATIENCE_S)
        wire.mend()
        assert indexing.returncode == 1
        assert b"the same command goes on from there" in told.splitlines()[-1]
        assert b"Traceback" not in told
        again = start(["index", many, "-c", address])
        _, told = again.communicate(timeout=_PATIENCE_S)
        assert again.returncode == 0, told
        assert_whole(address, many)


def test_one_writer_of_all_machines(own: milvus.OwnServer, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"{own.address}/w_{uuid.uuid4().hex}"
    MilvusStore.create(address, encoder_identity(), "").close()
    one, other = MilvusStore(address), MilvusStore(address)
    with one.write():
        with pytest.raises(CollectionBusyError, match="another process is writing"), other.write():
            pass
        # As from a machine that was not heard of for too long: another one takes over.
        monkeypatch.setattr(lease, "_RENEW_S", 1e9)
    with one.write() as first:
        held = one._catalogue.get("lease", latest=True)
        assert held is not None
        one._catalogue.put("lease", {**held, "host": "elsewhere", "until": time.time() - 1})
        with other.write(), pytest.raises(CollectionBusyError, match="begun to write"):
            first.apply(put(("/p/a", 1)))
    assert one.count() == 0
    one.close()
    other.close()


def assert_refused(client: TestClient, picture: int) -> None:
    """A search is refused with one sentence, and the hint to come again."""
    refused = client.post("/api/search", json={"id": picture})
    assert refused.status_code == 503
    assert "does not answer" in refused.json()["error"]
    assert int(refused.headers["Retry-After"]) > 0


def assert_rode_out(indexing: "subprocess.Popen[bytes]") -> None:
    """A run has said that it waits and goes on, and came to its end."""
    _, told = indexing.communicate(timeout=_PATIENCE_S)
    assert indexing.returncode == 0, told
    said = told.decode().splitlines()
    assert any("does not answer: waiting for it" in line for line in said)
    assert any("answers again: going on" in line for line in said)


class Wire:
    """A port that goes on to the server, until it is cut: then whatever is sent waits."""

    def __init__(self, address: str) -> None:
        host, _, port = address.removeprefix("milvus://").partition(":")
        self._target = host, int(port)
        self._open = threading.Event()
        self._open.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = [self._listener]
        self.address = f"milvus://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "Wire":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.set()
        for end in self._ends:
            # Whoever waits for it comes back before it is closed.
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def cut(self) -> None:
        self._open.clear()

    def mend(self) -> None:
        self._open.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                self._ends += [near, far]
                for here, there in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(here, there), daemon=True).start()

    def _carry(self, here: socket.socket, there: socket.socket) -> None:
        with suppress(OSError):
            while data := here.recv(65_536):
                self._open.wait()
                there.sendall(data)
        with suppress(OSError):
            there.shutdown(socket.SHUT_WR)
