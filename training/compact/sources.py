"""The pictures that the student learns from, and those that it must never see."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

HELD_OUT_SHARE = 0.3
"""Of each Caltech-101 class, this share is kept for evaluation."""
CLUTTER = "BACKGROUND_Google"
"""Caltech-101's folder of pictures that belong to no class."""


@dataclass(frozen=True, slots=True)
class Source:
    """One public set of pictures.

    Attributes:
        name: of its folder under the folder of all sources.
        parts: sub-folders that are used.
        small: whether its pictures are 64 pixels wide; they are kept at that size.
        crops: parts cut out of each picture that count as pictures of their own.
        every: only every so many-th picture is taken.
        share: of the training steps' pictures of its size.
        classes: the folder, under the source's, of which each sub-folder is a class; None if its
            labels are not used.
    """

    name: str
    parts: tuple[str, ...]
    small: bool = False
    crops: int = 0
    every: int = 1
    share: float = 1.0
    classes: str | None = None


SOURCES = (
    Source("imagenette", ("train",), crops=1, share=0.14, classes="train"),
    Source("imagewoof", ("train",), crops=1, share=0.10, classes="train"),
    Source("caltech", ("caltech-101",), crops=1, share=0.30, classes="caltech-101"),
    Source("samples", ("",), crops=3, share=0.10),
    Source("intel", ("dataset/seg_train", "dataset/seg_pred"), share=0.16),
    Source("clothing", ("images",), crops=1, share=0.10),
    Source("houses", ("Houses Dataset",), crops=3, share=0.10),
    Source("tiny", ("tiny-imagenet-200",), small=True, every=2, classes="tiny-imagenet-200/train"),
)


def held_out(path: str) -> bool:
    """Whether a Caltech-101 picture is kept for evaluation: by the hash of class and file name."""
    key = "/".join(path.replace(os.sep, "/").split("/")[-2:])
    digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:4], "little") < HELD_OUT_SHARE * 2**32


def pictures(root: str, source: Source) -> Iterator[str]:
    """Paths of a source's pictures that may be learned from, in a fixed order."""
    for part in source.parts:
        for folder, folders, files in os.walk(os.path.join(root, source.name, part)):
            folders.sort()
            for name in sorted(files)[:: source.every]:
                path = os.path.join(folder, name)
                if not name.lower().endswith((".jpg", ".jpeg", ".png")):
                    continue
                if source.name == "caltech" and held_out(path):
                    continue
                yield path


def class_of(root: str, source: Source, path: str) -> str | None:
    """The class of one of a source's pictures, or None if it has none that is used."""
    if source.classes is None:
        return None
    parts = os.path.relpath(path, os.path.join(root, source.name, source.classes)).split(os.sep)
    return None if parts[0] in (os.pardir, CLUTTER) or len(parts) < 2 else parts[0]


def caltech_held_out(root: str) -> Iterator[str]:
    """Paths of the Caltech-101 pictures for evaluation, without the clutter class."""
    top = os.path.join(root, "caltech", "caltech-101")
    for folder, folders, files in os.walk(top):
        folders.sort()
        if os.path.basename(folder) == CLUTTER:
            continue
        for name in sorted(files):
            path = os.path.join(folder, name)
            if name.lower().endswith(".jpg") and held_out(path):
                yield path
