"""A run waits for a server that is away; whoever searches is told at once."""

import logging
import threading
from collections.abc import Callable

import pytest

from lookalike.errors import CollectionBusyError, StoreUnavailableError
from lookalike.store.milvus import patience
from lookalike.store.milvus.outage import Outage
from lookalike.store.milvus.patience import Patience


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_FIRST_S", 0.0)


def away(times: int) -> Callable[[], str]:
    """Something to ask that fails so often first."""
    left = iter(range(times))

    def ask() -> str:
        if next(left, None) is not None:
            raise StoreUnavailableError("it does not answer.")
        return "answer"

    return ask


def test_what_fails_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    looks: list[int] = []
    told: list[str | None] = []
    waiting = Patience("the server", told.append)
    waiting.guard = lambda: looks.append(1)
    with caplog.at_level(logging.WARNING):
        assert waiting.call(away(3)) == "answer"
    assert len(looks) == 3
    first, last = caplog.messages
    assert told == [first, None]
    assert "does not answer: waiting for it" in first
    assert "answers again" in last


def test_patience_ends_for_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Patience("the server")
    monkeypatch.setattr(patience, "LASTS_S", 0.0)
    with pytest.raises(StoreUnavailableError, match="waited for"):
        waiting.call(away(1))
    monkeypatch.setattr(patience, "LASTS_S", 1e9)
    with pytest.raises(StoreUnavailableError, match="waited for"):
        waiting.call(away(1))
    assert waiting.call(away(0)) == "answer"


def test_whoever_is_done_waits_no_more() -> None:
    waiting = Patience("the server")
    waiting.end()
    with pytest.raises(StoreUnavailableError, match=r"it does not answer\.$"):
        waiting.call(away(1))


def test_a_guard_ends_the_waiting() -> None:
    def refuse() -> None:
        raise CollectionBusyError("somebody else writes")

    waiting = Patience("the server")
    waiting.guard = refuse
    asked: list[int] = []

    def ask() -> None:
        asked.append(1)
        raise StoreUnavailableError("it does not answer")

    with pytest.raises(CollectionBusyError):
        waiting.call(ask)
    assert asked == [1]


def test_while_one_tries_the_others_are_told_at_once() -> None:
    outage = Outage()
    with pytest.raises(StoreUnavailableError, match=r"it does not answer\."):
        outage.call(away(1), "known")
    asked, answered = threading.Event(), threading.Event()

    def slowly() -> str:
        asked.set()
        assert answered.wait(60)
        return "answer"

    found: list[str] = []
    one = threading.Thread(target=lambda: found.append(outage.call(slowly, "known")))
    one.start()
    assert asked.wait(60)
    with pytest.raises(StoreUnavailableError, match="known"):
        outage.call(away(0), "known")
    answered.set()
    one.join()
    assert found == ["answer"]
    assert outage.call(away(0), "known") == "answer"
