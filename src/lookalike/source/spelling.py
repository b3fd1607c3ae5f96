"""One spelling for each folder, where a system does not tell case or accents apart.

On Windows and macOS, ~/pictures and ~/Pictures are one folder: taken for two, every picture in it
would be in the collection twice.
"""

import os
import unicodedata
from collections.abc import Iterable


def as_known(path: str, known: Iterable[str]) -> str:
    """A path as it is known already, where it is, or lies under, a folder that is spelt otherwise.

    Args:
        path: absolute.
        known: absolute paths of folders.
    """
    parts = path.split(os.sep)
    for folder in known:
        names = folder.split(os.sep)
        head = parts[: len(names)]
        if head == names or list(map(_alike, head)) != list(map(_alike, names)):
            continue
        try:
            if os.path.samefile(os.sep.join(head), folder):
                return os.sep.join([*names, *parts[len(names) :]])
        except OSError:
            continue  # one of the two is not there: they are two
    return path


def _alike(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
