"""What goes wrong with a Milvus server, as errors of ours."""

import pytest

from lookalike.errors import StoreError, StoreUnavailableError
from lookalike.store.milvus.failures import as_ours

pymilvus = pytest.importorskip("pymilvus")

SHOWN = "milvus://there/photos"


@pytest.mark.parametrize(
    ("code", "text", "sentence"),
    [
        (2, "service unavailable", "does not answer"),
        (1, "service not ready[rootcoord=1]: Initializing", "does not answer"),
        (1, "Retry run out of 75 retry times", "does not answer"),
        (65535, "fail to search: channel not available", "does not answer"),
        (503, "channel not available[channel=by-dev-rootcoord-dml_0]", "does not answer"),
        (8, "rate limit exceeded[rate=0]", "takes no more for now: .*rate limit exceeded"),
        (101, "collection not loaded[collection=photos]", "has not loaded the collection"),
        (103, "collection not fully loaded", "has not loaded the collection"),
        (65535, "collection photos was not loaded into memory", "has not loaded the collection"),
    ],
)
def test_what_may_work_later(code: int, text: str, sentence: str) -> None:
    found = as_ours(pymilvus.MilvusException(code, text), SHOWN)
    assert isinstance(found, StoreUnavailableError)
    assert found.args[0].startswith("the Milvus server of milvus://there/photos ")
    with pytest.raises(StoreUnavailableError, match=sentence):
        raise found


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (3, "memory limit exceeded"),
        (7, "disk limit exceeded"),
        (9, "quota exceeded[reason=memory quota exceeded]"),
        (100, "collection not found[collection=timeouts_of_channel_connect]"),
        (102, "exceeded the limit number of collections"),
        (1100, "invalid parameter[expected=retry]"),
        (1400, "not authenticated"),
    ],
)
def test_what_will_not(code: int, text: str) -> None:
    found = as_ours(pymilvus.MilvusException(code, text), SHOWN)
    assert not isinstance(found, StoreUnavailableError)
    with pytest.raises(StoreError, match=r"photos refuses: .*code="):
        raise found


def test_a_wrong_argument_is_no_outage() -> None:
    found = as_ours(pymilvus.exceptions.ParamError(message="limit 0 is illegal"), SHOWN)
    assert not isinstance(found, StoreUnavailableError)
