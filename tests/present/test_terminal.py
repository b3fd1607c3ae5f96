"""Tables for people, tab-separated lines for pipes; no name can disturb either."""

import io
import re
import subprocess
import sys

import pytest
from rich.console import Console, RenderableType

from lookalike.present import (
    display_path,
    hits_table,
    index_report,
    make_console,
    status_table,
)
from lookalike.types import SearchResult

from .samples import HOSTILE, hit, hostile_result, status, summary

STYLE = re.compile(r"\x1b\[[0-9;]*m")


def piped(renderable: RenderableType) -> str:
    out = io.StringIO()
    make_console(out).print(renderable)
    return out.getvalue()


def styled(renderable: RenderableType, width: int = 60) -> str:
    """As on a terminal of this width, styles taken out."""
    out = io.StringIO()
    console = make_console(out)
    terminal = Console(
        file=out,
        force_terminal=True,
        width=width,
        soft_wrap=console.soft_wrap,
        markup=False,
        highlight=False,
        emoji=False,
        color_system="truecolor",
        legacy_windows=False,
    )
    terminal.print(renderable)
    assert "\x1b[" in out.getvalue(), "a terminal gets styles"
    return STYLE.sub("", out.getvalue())


def test_piped_hits_are_one_line_each_in_three_columns() -> None:
    lines = piped(hits_table(hostile_result())).splitlines()
    rows = [line.split("\t") for line in lines]
    assert [row[0] for row in rows] == [str(rank + 1) for rank in range(len(HOSTILE))]
    assert [float(row[1]) for row in rows] == [1 - rank / 20 for rank in range(len(HOSTILE))]
    assert [row[2] for row in rows] == [display_path(path) for path in HOSTILE]


def test_piped_output_has_no_control_characters_but_tabs_and_newlines() -> None:
    for renderable in (
        hits_table(hostile_result()),
        status_table(status()),
        index_report(summary(3)),
    ):
        hidden = re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", piped(renderable))
        assert hidden == []


@pytest.mark.parametrize("width", [20, 80, 300])
def test_a_terminal_shows_rank_score_and_the_whole_path_at_any_width(width: int) -> None:
    lines = styled(hits_table(hostile_result()), width).splitlines()
    assert lines[0].split() == ["#", "score", "path"]
    for rank, (path, line) in enumerate(zip(HOSTILE, lines[1:], strict=True), start=1):
        number, score, shown = line.split(maxsplit=2)
        assert (number, score) == (str(rank), f"{1 - (rank - 1) / 20:.4f}")
        assert shown == display_path(path)


def test_ranks_and_scores_line_up() -> None:
    result = SearchResult("-", [hit("/p/x.jpg", -0.25 if n % 2 else 1.0) for n in range(12)])
    lines = styled(hits_table(result)).splitlines()[1:]
    assert len({line.index("/p/x.jpg") for line in lines}) == 1


def test_no_hits_is_said_to_people_and_is_empty_for_scripts() -> None:
    empty = hits_table(SearchResult("-", []))
    assert styled(empty).strip() == "No pictures found."
    assert piped(empty) == ""


def test_status_shows_every_figure_and_every_skipped_file() -> None:
    shown = styled(status_table(status()))
    for text in ("/home/me/c\\xff", "resnet50", "0123456789ab", "2,048", "3,000", "123.5 MB"):
        assert text in shown
    assert [line.split() for line in shown.splitlines() if line.startswith("folder")] == [
        ["folder", "/p,", "without", "*.gif,", "from", "20.0", "kB"],
        ["folder", "/q,", "offline"],
    ]
    assert "skipped  /p/a\\n.jpg  empty" in shown
    assert "skipped  /p/b\\xff  not a picture" in shown


def test_piped_status_is_names_and_plain_values() -> None:
    rows = [line.split("\t") for line in piped(status_table(status())).splitlines()]
    assert rows == [
        ["collection", "/home/me/c\\xff"],
        ["model", "resnet50", "0123456789abcdef" * 4],
        ["dimension", "2048"],
        ["images", "3000"],
        ["skipped", "2"],
        ["bytes", "123456789"],
        ["root", "/p"],
        ["root", "/q"],
        ["skipped_file", "/p/a\\n.jpg", "empty"],
        ["skipped_file", "/p/b\\xff", "not a picture"],
    ]


@pytest.mark.parametrize("show", [piped, styled])
def test_an_index_report_starts_with_one_line_that_says_it_all(show: object) -> None:
    assert callable(show)
    lines = show(index_report(summary())).splitlines()
    assert lines == [
        "1,234 added, 2 updated, 3 unchanged, 4 removed, 0 skipped in 1 min 23 s",
        "warning  /media/usb is not mounted; nothing of it was removed",
    ]


def test_an_index_report_lists_twenty_skipped_files_at_most() -> None:
    lines = piped(index_report(summary(20))).splitlines()
    assert len(lines) == 22
    assert lines[2] == "skipped  /p/0\\n.jpg  cut \\x1b[1m short"
    lines = piped(index_report(summary(1025))).splitlines()
    assert len(lines) == 23
    assert lines[-1] == "and 1,005 more; lookalike status lists them"


def test_rich_is_imported_only_when_something_is_shown() -> None:
    code = (
        "import sys, lookalike.present; sys.exit('rich' in sys.modules or 'jinja2' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
