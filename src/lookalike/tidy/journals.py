"""The journals of a collection: what was tidied, to be taken back."""

import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

_FOLDER = "tidied"
_NAME = re.compile(r"\d{4}-\d\d-\d\d-\d{6}-[0-9a-f]{4,8}\.jsonl")


@dataclass(frozen=True, slots=True)
class Journal:
    """One run that tidied.

    Attributes:
        name: of its file.
        path: absolute.
        written: when, UTC.
        steps: how many are written down.
    """

    name: str
    path: str
    written: datetime
    steps: int


def new_journal(location: str) -> str:
    """The path of a journal for a run that begins now, in the folder of a collection."""
    name = f"{datetime.now():%Y-%m-%d-%H%M%S}-{secrets.token_hex(3)}.jsonl"
    return os.path.join(location, _FOLDER, name)


def journals(location: str) -> list[Journal]:
    """The journals in the folder of a collection, the latest first."""
    folder = os.path.join(location, _FOLDER)
    found = []
    try:
        names = sorted(filter(_NAME.fullmatch, os.listdir(folder)), reverse=True)
    except OSError:
        return []
    for name in names:
        path = os.path.join(folder, name)
        with open(path, "rb") as lines:
            steps = sum(1 for _ in lines)
        written = datetime.fromtimestamp(os.stat(path).st_mtime, UTC)
        found.append(Journal(name, path, written, steps))
    return found
