"""Both stores."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike.store import ExactStore, LocalStore, Store
from tests.support.records import encoder_identity


@pytest.fixture(params=["exact", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store, of each kind in turn."""
    made: Store
    if request.param == "exact":
        made = ExactStore(encoder_identity(), "the source")
    else:
        made = LocalStore.create(str(tmp_path / "c"), encoder_identity(), "the source")
    yield made
    made.close()
