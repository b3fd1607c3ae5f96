"""Names of files that are safe to show: nothing hidden, nothing that a terminal obeys."""

import json
import os
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lookalike.present import display_path

ANY_TEXT = st.text(st.characters(codec=None, categories=None, exclude_categories=()))
NAMES = st.binary(max_size=40).map(os.fsdecode)
"""What a folder of a Unix system can hold, as the walk reads it."""


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/photos/cat.jpg", "/photos/cat.jpg"),
        ("C:\\photos\\new.jpg", "C:\\photos\\new.jpg"),
        ("/photos/Übung 猫 🐈 e\u0301.jpg", "/photos/Übung 猫 🐈 e\u0301.jpg"),
        ("two\nlines\r\t.jpg", r"two\nlines\r\t.jpg"),
        ("\x1b[31mred\x1b[0m.jpg", r"\x1b[31mred\x1b[0m.jpg"),
        ("\x1b]8;;http://x\x07link", r"\x1b]8;;http://x\x07link"),
        ("del\x7fete", r"del\x7fete"),
        ("c1\x9b31m", r"c1\u009b31m"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\u2066isolate\u2069", r"\u2066isolate\u2069"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("line\u2028para\u2029", r"line\u2028para\u2029"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("bytes\udcff\udc80.jpg", r"bytes\xff\x80.jpg"),
        ("lone\ud83d.jpg", r"lone\ud83d.jpg"),
        ("family 👨\u200d👩\u200d👧.jpg", "family 👨\u200d👩\u200d👧.jpg"),
        ("\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.jpg",) * 2,  # a Persian word, with its joiner
        ("<script>&amp;.jpg", "<script>&amp;.jpg"),
        ("", ""),
    ],
)
def test_examples(path: str, shown: str) -> None:
    assert display_path(path) == shown


def test_a_byte_that_is_not_utf_8_shows_as_that_byte() -> None:
    assert display_path(b"caf\xe9.jpg".decode("utf-8", "surrogateescape")) == r"caf\xe9.jpg"


@given(ANY_TEXT | NAMES)
@example("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_nothing_hidden_is_left(path: str) -> None:
    shown = display_path(path)
    categories = {unicodedata.category(c) for c in shown if c not in "\u200c\u200d"}
    assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    bidi = {unicodedata.bidirectional(character) for character in shown}
    assert not bidi & {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "B"}
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")
    assert json.loads(json.dumps(shown)) == shown


@given(ANY_TEXT | NAMES)
def test_showing_twice_changes_nothing(path: str) -> None:
    assert display_path(display_path(path)) == display_path(path)


@given(st.text(st.characters(categories=("L", "M", "N", "P", "S", "Zs"))))
def test_ordinary_text_is_not_touched(path: str) -> None:
    assert display_path(path) == path
