"""What would be done about groups of duplicates; nothing here touches a file."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lookalike.types import DuplicateGroup

Action: TypeAlias = Literal["move", "link"]


@dataclass(frozen=True, slots=True)
class Step:
    """One file that goes.

    Attributes:
        action: "move": `path` goes to `target`; "link": `path` becomes another name of `target`.
        path: absolute, of the copy.
        target: absolute: where it goes, or the file that it becomes one with.
        best: absolute, of the copy that stays.
        digest: hash of the copy's content, as indexed; hex.
    """

    action: Action
    path: str
    target: str
    best: str
    digest: str


@dataclass(frozen=True, slots=True)
class Done:
    """How a step went: `reason` says why it was left; None where it was done."""

    step: Step
    reason: str | None = None


def moves(groups: Sequence[DuplicateGroup], folder: str) -> list[Step]:
    """All but the best copy of each group into a folder, under the paths that they have now.

    Args:
        groups: identical or near ones; a picture goes once.
        folder: where to.
    """
    folder = os.path.abspath(os.path.expanduser(folder))
    return [
        Step("move", path, os.path.join(folder, _below_a_top(path)), best, digest)
        for path, best, digest in _copies(groups)
    ]


def links(groups: Sequence[DuplicateGroup]) -> list[Step]:
    """All but the best copy of each identical group become other names of the best."""
    identical = [group for group in groups if group.kind == "identical"]
    return [Step("link", path, best, best, digest) for path, best, digest in _copies(identical)]


def _copies(groups: Sequence[DuplicateGroup]) -> list[tuple[str, str, str]]:
    found: dict[str, tuple[str, str, str]] = {}
    for group in groups:
        best = group.images[0].path
        for image in group.images[1:]:
            # A film of which one frame is like another picture is no copy of that.
            if group.kind != "identical" and image.frame is not None:
                continue
            found.setdefault(image.path, (image.path, best, image.digest))
    # What stays in one group must not go with another.
    stays = {best for _, best, _ in found.values()}
    return [copy for path, copy in found.items() if path not in stays]


def _below_a_top(path: str) -> str:
    drive, rest = os.path.splitdrive(path)
    name = drive.strip("\\/:?.").replace("\\", "_").replace("/", "_").replace(":", "")
    return os.path.join(name, rest.lstrip("\\/")) if name else rest.lstrip("\\/")
