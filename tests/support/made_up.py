"""Hooks of Schemathesis: what it makes up is steered to pictures that exist, and nothing is indexed
but what a test has made.

Loaded by name, `SCHEMATHESIS_HOOKS=tests.support.made_up`, in the process that makes requests up.
"""

import os
from typing import Any

import schemathesis
from schemathesis import Case, HookContext

PICTURES = 12
"""How many the served collection has."""


@schemathesis.hook
def map_path_parameters(_context: HookContext, path_parameters: Any) -> Any:
    """Most made-up ids are far from those that there are."""
    for name in ("id", "number"):
        if isinstance(path_parameters, dict) and type(path_parameters.get(name)) is int:
            path_parameters[name] = _near(path_parameters[name])
    return path_parameters


@schemathesis.hook
def map_body(_context: HookContext, body: Any) -> Any:
    """The same for the pictures of a search."""
    if isinstance(body, dict) and type(body.get("id")) is int:
        body["id"] = _near(body["id"])
    return body


@schemathesis.hook
def filter_case(_context: HookContext, case: Case[Any]) -> bool:
    """Not a folder that there is, such as "/", which would take for ever to index."""
    folders = case.body.get("folders") if isinstance(case.body, dict) else None
    return not isinstance(folders, list) or not any(map(_is_folder, folders))


def _near(number: int) -> int:
    return number % (PICTURES + 2) if 0 <= number < 2**31 else number


def _is_folder(path: object) -> bool:
    return isinstance(path, str) and "\0" not in path and os.path.isdir(path)
