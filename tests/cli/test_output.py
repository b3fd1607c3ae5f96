"""What a terminal shows while a run goes on."""

import io

import pytest

from lookalike.cli.output import progress
from lookalike.types import IndexProgress


class Terminal(io.StringIO):
    """Keeps all that was ever drawn."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("waiting", "says"), [(None, "indexing"), ("it is away", "waiting")])
def test_the_bar_says_what_goes_on(
    monkeypatch: pytest.MonkeyPatch, waiting: str | None, says: str
) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", terminal)
    with progress() as listener:
        assert listener is not None
        listener(IndexProgress("indexing", 3, 10, True, 3, 0, waiting=waiting))
    drawn = terminal.getvalue()
    assert "3/10" in drawn
    assert [word for word in ("indexing", "waiting") if word in drawn] == [says]
