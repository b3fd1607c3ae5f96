"""Names of files as text that is safe to show anywhere."""

import unicodedata
from collections.abc import Sequence

_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}

# Control, format (bidi overrides, zero-width spaces, tags), surrogate, and the separators of lines
# and paragraphs.
_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

# Joiners: Persian, the scripts of India and many emoji are spelt with them.
_KEPT = frozenset({"\u200c", "\u200d"})


def query_name(positives: Sequence[str], negatives: Sequence[str], text: str | None = None) -> str:
    """What to call a query: its pictures for and against, and its words."""
    words = [f"“{text}”"] if text else []
    return " - ".join([" + ".join([*positives, *words]), *negatives])


def display_path(path: str) -> str:
    r"""A path, or any other text, as it can be shown in a terminal, in JSON and in HTML text.

    Control characters, the escapes of terminals, bidi overrides, line separators and undecodable
    bytes show as `\n`, `\x1b`, `\u202e`, and `\xff` for a byte that is not UTF-8; all other
    characters stay, backslashes included, so that a path of Windows reads as it is typed. Hence
    what is shown may be ambiguous, which JSON output never is; showing it twice changes nothing.
    HTML markup stays too: the template escapes it.
    """
    if path.isprintable():
        return path
    return "".join(map(_shown, path))


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _ESCAPED or character in _KEPT:
        return character
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"  # how os.fsdecode keeps a byte that it cannot decode
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def clock(seconds: float) -> str:
    """A moment of a film as people say it, whole seconds: 0:42, 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
