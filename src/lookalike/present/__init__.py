"""Results for people and scripts: a table, JSON, a page. Formats only; computes nothing."""

from lookalike.present.html import html_page
from lookalike.present.json import index_json, search_json, status_json
from lookalike.present.terminal import hits_table, index_report, make_console, status_table
from lookalike.present.text import display_path

__all__ = [
    "display_path",
    "hits_table",
    "html_page",
    "index_json",
    "index_report",
    "make_console",
    "search_json",
    "status_json",
    "status_table",
]
