"""The pictures that the student learns from, and those that it must never see."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

HELD_OUT_SHARE = 0.3
"""Of each Caltech-101 class, this share is kept for evaluation."""


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
    """

    name: str
    parts: tuple[str, ...]
    small: bool = False
    crops: int = 0
    every: int = 1
    share: float = 1.0


SOURCES = (
    Source("imagenette", ("train",), crops=1, share=0.16),
    Source("imagewoof", ("train",), crops=1, share=0.10),
    Source("caltech", ("caltech-101",), crops=1, share=0.28),
    Source("samples", ("",), crops=3, share=0.10),
    Source("intel", ("dataset/seg_train", "dataset/seg_pred"), share=0.16),
    Source("clothing", ("images",), crops=1, share=0.10),
    Source("houses", ("Houses Dataset",), crops=3, share=0.10),
    Source("tiny", ("tiny-imagenet-200",), small=True, every=2),
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


def caltech_held_out(root: str) -> Iterator[str]:
    """Paths of the Caltech-101 pictures for evaluation, without the clutter class."""
    top = os.path.join(root, "caltech", "caltech-101")
    for folder, folders, files in os.walk(top):
        folders.sort()
        if os.path.basename(folder) == "BACKGROUND_Google":
            continue
        for name in sorted(files):
            path = os.path.join(folder, name)
            if name.lower().endswith(".jpg") and held_out(path):
                yield path


def caltech_labelled(root: str) -> Iterator[str]:
    """Paths of the Caltech-101 pictures that are not held out, without the clutter class."""
    source = next(source for source in SOURCES if source.name == "caltech")
    for path in pictures(root, source):
        if os.path.basename(os.path.dirname(path)) != "BACKGROUND_Google":
            yield path
