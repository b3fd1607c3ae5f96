"""Every kind of store."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike.store import ExactStore, LocalStore, Store
from tests.support import milvus
from tests.support.records import encoder_identity


@pytest.fixture(scope="session")
def milvus_collection(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a collection on a server, which is made once: that takes seconds."""
    if not milvus.is_there():
        pytest.skip("the Milvus server is not installed: there is one for Linux on x86-64")
    from lookalike.store.milvus import MilvusStore

    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    address = f"{milvus.shared_address(tmp_path_factory)}/contract_{worker}"
    if not MilvusStore.exists(address):
        MilvusStore.create(address, encoder_identity(), "the source").close()
    return address


@pytest.fixture(params=["exact", "local", "milvus"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store, of each kind in turn."""
    made: Store
    if request.param == "exact":
        made = ExactStore(encoder_identity(), "the source")
    elif request.param == "local":
        made = LocalStore.create(str(tmp_path / "c"), encoder_identity(), "the source")
    else:
        made = _emptied(request.getfixturevalue("milvus_collection"), request)
    yield made
    made.close()


def _emptied(address: str, request: pytest.FixtureRequest) -> Store:
    from lookalike.store.milvus import MilvusStore, lease, schema

    # Nobody else is there; that it is waited for has tests of its own.
    request.getfixturevalue("monkeypatch").setattr(lease, "_SETTLE_S", 0.0)
    store = MilvusStore(address)
    server, name = store._server, store._name
    for collection, key in ((name, "id"), (schema.catalogue(name), "key")):
        kept = "id > 0" if key == "id" else 'kind != "one" or key in ["ids", "state", "lease"]'
        for batch in list(server.every(collection, key, kept, [key])):
            server.delete(collection, [entity[key] for entity in batch])
    return store
