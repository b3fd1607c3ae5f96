"""A labelled folder: one sub-folder a class."""

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import EvaluationError
from lookalike.source import walk
from lookalike.types import Skipped


@dataclass(frozen=True, slots=True)
class LabelledFolder:
    """What a labelled folder holds, by name; nothing is decoded yet.

    Attributes:
        root: absolute path.
        classes: names of the sub-folders, sorted; a label is an index into them.
        paths: n files, sorted by class and name.
        labels: (n,) int64.
        skipped: files that belong to no class or cannot be looked at.
    """

    root: str
    classes: tuple[str, ...]
    paths: list[str]
    labels: NDArray[np.int64]
    skipped: list[Skipped]


def list_labelled(folder: str | os.PathLike[str]) -> LabelledFolder:
    """List a labelled folder; pictures at any depth below a sub-folder carry its name.

    Hidden folders, system folders and collections are passed over, as in `lookalike index`.

    Raises:
        EvaluationError: it is no folder, has fewer than two classes, or a class has fewer than
            two pictures.
    """
    root = os.path.abspath(os.path.expanduser(os.fspath(folder)))
    if not os.path.isdir(root):
        raise EvaluationError(f"{root} is not a folder; give one that has a sub-folder a class")
    found: dict[str, list[str]] = {}
    skipped: list[Skipped] = []
    for below in walk(root):
        skipped += [Skipped(path, reason) for path, reason in below.unreadable]
        paths = [os.path.join(below.path, file.name) for file in below.files]
        if below.path == root:
            skipped += [Skipped(path, "it lies in no class's sub-folder") for path in paths]
        else:
            name = os.path.relpath(below.path, root).split(os.sep, 1)[0]
            found.setdefault(name, []).extend(paths)
    classes = tuple(sorted(found))
    check_classes(root, classes, [len(found[name]) for name in classes], skipped)
    return LabelledFolder(
        root=root,
        classes=classes,
        paths=[path for name in classes for path in found[name]],
        labels=np.repeat(np.arange(len(classes)), [len(found[name]) for name in classes]),
        skipped=skipped,
    )


def check_classes(
    root: str, classes: tuple[str, ...], counts: list[int], skipped: list[Skipped]
) -> None:
    """See that every picture can have a right answer and a wrong one.

    Args:
        root: of the folder.
        classes: names.
        counts: usable pictures of each class.
        skipped: the files that are not among them.

    Raises:
        EvaluationError: there are no pictures, fewer than two classes, or a class has fewer than
            two pictures.
    """
    why = f" (the first skipped: {skipped[0].path}: {skipped[0].reason})" if skipped else ""
    if not sum(counts):
        raise EvaluationError(
            f"{root} has no pictures in sub-folders{why}; give a folder with one sub-folder a class"
        )
    if len(classes) < 2:
        raise EvaluationError(
            f"{root} has only one class, {classes[0]!r}, so every answer would be right; add a "
            "sub-folder with pictures of another class"
        )
    for name, count in zip(classes, counts, strict=True):
        if count < 2:
            has = "no picture" if count == 0 else "only one picture"
            mine = [file for file in skipped if file.path.startswith(os.path.join(root, name, ""))]
            why = f" (skipped: {mine[0].path}: {mine[0].reason})" if mine else ""
            raise EvaluationError(
                f"the class {name!r} in {root} has {has} that can be used{why}, and needs two to "
                "have a right answer; add some, or take the folder away"
            )
