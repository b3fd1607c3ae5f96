"""A storage that speaks S3, on this machine."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lookalike.source import objects
from tests.support.pictures import encoded


@dataclass
class Bucket:
    """A bucket of its own for each test.

    Attributes:
        client: boto3's.
        name: the bucket.
        endpoint: of the server.
    """

    client: Any
    name: str
    endpoint: str

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def draw(self, key: str, seed: int) -> None:
        """Write a picture."""
        self.put(key, encoded(seed))

    def delete(self, key: str) -> None:
        """Delete an object."""
        self.client.delete_object(Bucket=self.name, Key=key)

    def address(self, key: str = "") -> str:
        """The address of a key."""
        return f"s3://{self.name}/{key}".rstrip("/")


@pytest.fixture(scope="session", name="s3_server")
def _s3_server() -> Iterator[str]:
    pytest.importorskip("s3fs")
    server_module = pytest.importorskip("moto.server")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(
    s3_server: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Bucket]:
    import boto3

    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "verysecret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    objects._file_system.cache_clear()
    client = boto3.client("s3", endpoint_url=s3_server)
    name = f"b{abs(hash(request.node.nodeid))}"
    client.create_bucket(Bucket=name)
    yield Bucket(client, name, s3_server)
    client.close()
    objects._file_system.cache_clear()
