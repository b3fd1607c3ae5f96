"""Paths and words as Milvus can keep, compare and be asked for them.

It keeps UTF-8 and compares bytes. Paths may hold what is no UTF-8, and its filters have quoting
rules of their own, so both are written as in addresses: `%` and two digits for what is in the way.
"""

import os
from collections.abc import Iterable

_UNSAFE = frozenset("%\"'\\\x7f") | {chr(code) for code in range(32)}


def escaped(text: str) -> str:
    """Text that any filter can hold. What begins alike before does so afterwards."""
    if text.isascii() and text.isprintable() and not _UNSAFE & set(text):
        return text
    return "".join(map(_letter, text))


def unescaped(text: str) -> str:
    """What was escaped."""
    if "%" not in text:
        return text
    first, *others = text.split("%")
    return first + "".join(_byte(int(part[:2], 16)) + part[2:] for part in others)


def literal(text: str) -> str:
    """A string in a filter; escaped first."""
    return f'"{escaped(text)}"'


def any_of(values: Iterable[str]) -> str:
    """A list of strings in a filter; escaped first."""
    return f"[{', '.join(map(literal, values))}]"


def numbers(values: Iterable[int]) -> str:
    """A list of numbers in a filter."""
    return f"[{', '.join(map(str, values))}]"


def under_folder(field: str, folder: str) -> str:
    """A filter: the folder that a field names is this one, or lies under it."""
    below = escaped(os.path.join(folder, ""))
    # All that begins so, and no more: Milvus compares bytes.
    end = below[:-1] + chr(ord(below[-1]) + 1)
    return f'({field} == {literal(folder)} or ({field} >= "{below}" and {field} < "{end}"))'


def _letter(letter: str) -> str:
    if letter in _UNSAFE:
        return f"%{ord(letter):02x}"
    if "\udc80" <= letter <= "\udcff":  # a byte that is no UTF-8, as `os.fsdecode` gives it
        return f"%{ord(letter) - 0xDC00:02x}"
    return letter


def _byte(value: int) -> str:
    return chr(value) if value < 0x80 else chr(0xDC00 + value)
