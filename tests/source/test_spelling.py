"""Folders of systems that do not tell case or accents apart."""

import os

import pytest

from lookalike.source import as_known

KNOWN = ["/home/Ada/Pictures", "/caf\u00e9/P"]


@pytest.fixture
def _one_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where case and accents do not count: what differs in those alone is one file."""
    monkeypatch.setattr(os.path, "samefile", lambda one, other: True)


@pytest.mark.usefixtures("_one_spelling")
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/home/ada/pictures", "/home/Ada/Pictures"),
        ("/HOME/ada/pictures/2020/Sea", "/home/Ada/Pictures/2020/Sea"),
        ("/home/Ada/Pictures", "/home/Ada/Pictures"),
        ("/cafe\u0301/p/q", "/caf\u00e9/P/q"),
        ("/home/ada/picturesque", "/home/ada/picturesque"),
        ("/elsewhere", "/elsewhere"),
    ],
)
def test_a_folder_keeps_the_spelling_that_it_has(typed: str, meant: str) -> None:
    assert as_known(typed, KNOWN) == meant


def test_what_is_two_folders_stays_two() -> None:
    assert as_known("/home/ada/pictures", KNOWN) == "/home/ada/pictures", "neither is there"
