"""Requests made up from the OpenAPI schema: no 5xx, and no answer that the schema does not know."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

import lookalike
from lookalike.server import Policy
from tests.server.conftest import Live
from tests.support.made_up import PICTURES
from tests.support.pictures import write_gallery

PROJECT = Path(__file__).parents[2]

CONFIG = """
[checks.negative_data_rejection]
# 413 as well: an array of too many items may come to too many bytes.
expected-statuses = [400, 403, 404, 405, 413, 415, 422]
"""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)

EVENTS = "/api/index/events"
"""A stream that goes on while the server runs: tried on its own."""


@pytest.fixture
def server(tmp_path: Path, tiny_model: Path) -> Iterator[str]:
    """The address of a small collection of its own. It fetches nothing: what is made up here must
    not reach anybody."""
    write_gallery(tmp_path / "pictures", PICTURES)
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(tmp_path / "pictures")
        with Live(photos, policy=Policy(fetches=False)) as address:
            yield address


def test_made_up_requests_get_answers_that_the_schema_knows(server: str, tmp_path: Path) -> None:
    """Every route: the edges of every field, then requests that fit and that do not.

    Schemathesis is deterministic here: a failure comes again.
    """
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join((str(PROJECT), str(PROJECT / "src"))),
        "PYTHONIOENCODING": "utf-8",
        "SCHEMATHESIS_HOOKS": "tests.support.made_up",
    }
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{server}/openapi.json"),
            *("--phases", "coverage,fuzzing", "--max-examples", "20"),
            *("--generation-deterministic", "--continue-on-failure", "--no-color"),
            *("--checks", ",".join(CHECKS), "--exclude-path", EVENTS),
            *("--request-timeout", "60", "--warnings", "off"),
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("event", "collection", "status"),
    [
        ("", None, 200),
        ("no:event", None, 200),
        (f"{'9' * 16}:{'9' * 40}", None, 200),
        ("9" * 65, None, 422),
        ("", "nowhere", 404),
        ("", "9" * 256, 422),
    ],
)
def test_made_up_listeners_get_answers_that_the_schema_knows(
    server: str, event: str, collection: str | None, status: int
) -> None:
    params = {} if collection is None else {"collection": collection}
    headers = {"Last-Event-ID": event}
    with httpx2.Client(base_url=server, timeout=60) as client:
        documented = client.get("/openapi.json").json()["paths"][EVENTS]["get"]["responses"]
        with client.stream("GET", EVENTS, params=params, headers=headers) as answer:
            assert answer.status_code == status
            assert str(status) in documented
