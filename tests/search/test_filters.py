"""Filters as people type them."""

import os
from datetime import date
from pathlib import Path

import pytest

from lookalike.errors import QueryError
from lookalike.search import parse_where
from lookalike.types import Where


def test_every_filter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    pairs = [
        "folder=link/2020/",
        "format=jpg",
        "format= webp ",
        "label=a=b",
        "after=2020-02-29",
        "before=2021",
        "min-width=800",
        "min_height=600",
        "min_bytes=1.5k",
        "max_bytes=2MB",
        "camera=Canon EOS R5",
    ]
    assert parse_where(pairs) == Where(
        folder=os.path.join(os.path.realpath(tmp_path), "real", "2020"),
        format=("JPEG", "WEBP"),
        label=("a=b",),
        after=date(2020, 2, 29),
        before=date(2021, 1, 1),
        min_width=800,
        min_height=600,
        min_bytes=1500,
        max_bytes=2_000_000,
        camera="Canon EOS R5",
    )


def test_no_pairs_are_no_filter() -> None:
    assert parse_where([]) == Where()


def test_months_begin_on_their_first_day() -> None:
    assert parse_where(["after=2024-5"]).after == date(2024, 5, 1)


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        (["colour=red"], "there is no filter"),
        (["folder"], "write KEY=VALUE"),
        (["camera="], "needs a value"),
        (["after=yesterday"], "needs a day"),
        (["after=2021-02-29"], "needs a day"),
        (["after=2021-1-1-1"], "needs a day"),
        (["min_width=wide"], "needs a number"),
        (["min_width=-1"], "needs a number"),
        (["max_bytes=1T"], "needs a number"),
        (["camera=a", "camera=b"], "given twice"),
    ],
)
def test_what_is_no_filter(pairs: list[str], says: str) -> None:
    with pytest.raises(QueryError, match=says):
        parse_where(pairs)
