"""Filters as people type them: KEY=VALUE."""

import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields
from datetime import date
from typing import Any

from lookalike.errors import QueryError
from lookalike.types import Where, is_address

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


def parse_where(pairs: Sequence[str]) -> Where:
    """`Where` from KEY=VALUE pairs; `format` and `label` may come several times.

    Dates are YYYY-MM-DD, YYYY-MM or YYYY; sizes may end in k, M or G, of 1000 each.

    Raises:
        QueryError: a key is unknown or comes twice, or a value is none of its kind.
    """
    given: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        key = key.strip().replace("-", "_")
        if not equals or key not in _KINDS:
            raise QueryError(
                f"there is no filter {pair!r}: write KEY=VALUE, with one of {', '.join(_KINDS)}"
            )
        read = _KINDS[key](key, value.strip())
        if key in _SEVERAL:
            given[key] = (*given.get(key, ()), read)
        elif key in given:
            raise QueryError(f"the filter {key} was given twice")
        else:
            given[key] = read
    return Where(**given)


def _text(key: str, value: str) -> str:
    if not value:
        raise QueryError(f"the filter {key} needs a value, as in {key}=VALUE")
    return value


def _folder(key: str, value: str) -> str:
    # As the indexer names folders.
    folder = _text(key, value)
    return folder if is_address(folder) else os.path.realpath(os.path.expanduser(folder))


def _day(key: str, value: str) -> date:
    if re.fullmatch(r"\d{4}(-\d\d?){0,2}", value):
        year, month, day = [*map(int, value.split("-")), 1, 1][:3]
        with suppress(ValueError):
            return date(year, month, day)
    raise QueryError(f"{key} needs a day such as 2024-05-31, not {value!r}")


def _number(key: str, value: str) -> int:
    try:
        return parse_size(value)
    except QueryError as error:
        raise QueryError(f"{key}: {error}") from error


def parse_size(value: str) -> int:
    """A number as people type it: 800, 20k, 1.5M, 2G, of 1000 each.

    Raises:
        QueryError: it is none.
    """
    found = re.fullmatch(r"(\d{1,12})(?:\.(\d{1,3}))?([kmg]?)b?", value.lower())
    if found is None:
        raise QueryError(f"it needs a number such as 800 or 2M, not {value!r}")
    whole, part, unit = found.groups(default="")
    return int((int(whole) * 1000 + int(part.ljust(3, "0") or 0)) * _UNITS[unit] // 1000)


_KINDS: dict[str, Callable[[str, str], Any]] = {
    "folder": _folder,
    "format": _text,
    "label": _text,
    "after": _day,
    "before": _day,
    "min_width": _number,
    "min_height": _number,
    "min_bytes": _number,
    "max_bytes": _number,
    "camera": _text,
}
_SEVERAL = {field.name for field in fields(Where) if field.type == tuple[str, ...]}
