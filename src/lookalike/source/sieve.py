"""Which files are looked at: the rules of a root, and what `.lookalikeignore` says."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lookalike.errors import SourceError
from lookalike.source.objects import read_object
from lookalike.types import Rules, is_address

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

IGNORE_FILE = ".lookalikeignore"
"""A file with patterns, in gitignore syntax, for its folder and all below."""

_IGNORE_BYTES = 1 << 20

_SIDECARS = frozenset(
    [
        # network storage, desktops, catalogues: small copies of the pictures beside them
        "@eaDir",
        ".@__thumb",
        ".thumbnails",
        ".thumbs",
        ".AppleDouble",
        ".dtrash",
        # what was thrown away, and what the system keeps for itself
        "#recycle",
        "@Recycle",
        "$RECYCLE.BIN",
        ".Trash",
        ".Trashes",
        ".stversions",
        "#snapshot",
        ".snapshots",
        ".Spotlight-V100",
        ".fseventsd",
        "System Volume Information",
        "__MACOSX",
        "lost+found",
        ".git",
    ]
)


@dataclass(frozen=True, slots=True)
class Sieve:
    """What the rules of a root say of names; `below` adds those of a folder.

    Attributes:
        root: absolute path of the folder that the rules are for.
        rules: as they were given.
        include: they compiled; None takes all files.
        layers: (folder, patterns) of what is excluded. The first that says something about a path
            decides: those of the rules, then those of the innermost folder.
    """

    root: str
    rules: Rules
    include: "GitIgnoreSpec | None" = None
    layers: "tuple[tuple[str, GitIgnoreSpec], ...]" = ()

    @classmethod
    def of(cls, root: str, rules: Rules) -> "Sieve":
        """The sieve of a root.

        Raises:
            SourceError: a pattern is none.
        """
        exclude = ((root, compiled(rules.exclude)),) if rules.exclude else ()
        return cls(root, rules, compiled(rules.include) if rules.include else None, exclude)

    def below(self, folder: str) -> "Sieve":
        """With the patterns of the folder's own file, which is there.

        Raises:
            SourceError: it cannot be read.
        """
        path = os.path.join(folder, IGNORE_FILE)
        try:
            if is_address(path):
                data = read_object(path, _IGNORE_BYTES)
                lines = data.decode("utf-8", "surrogateescape").splitlines()
            else:
                with open(path, encoding="utf-8", errors="surrogateescape") as file:
                    lines = file.read(_IGNORE_BYTES).splitlines()
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise SourceError(f"its {IGNORE_FILE} cannot be read: {why}") from error
        first = 1 if self.rules.exclude else 0
        layer = (folder, compiled(lines, lenient=True))
        return replace(self, layers=(*self.layers[:first], layer, *self.layers[first:]))

    def takes_folder(self, path: str) -> bool:
        """Whether the walk goes into a folder."""
        name = os.path.basename(path)
        if name in _SIDECARS or name.startswith(".Trash-"):
            return False
        return not self._hides(name) and not self._excludes(path, "/")

    def takes_file(self, path: str) -> bool:
        """Whether a file counts, as far as its name tells."""
        if self._hides(os.path.basename(path)) or self._excludes(path):
            return False
        return self.include is None or self.include.match_file(_relative(path, self.root))

    def _hides(self, name: str) -> bool:
        # What begins in "._" holds what a Mac knows of the file beside it.
        return name.startswith("._" if self.rules.hidden else ".")

    def _excludes(self, path: str, end: str = "") -> bool:
        for folder, patterns in self.layers:
            said = patterns.check_file(_relative(path, folder) + end).include
            if said is not None:
                return said
        return False


def compiled(patterns: Iterable[str], *, lenient: bool = False) -> "GitIgnoreSpec":
    """Patterns in gitignore syntax, ready to match.

    Args:
        patterns: one a line.
        lenient: pass over lines that are no pattern, as git does.

    Raises:
        SourceError: one is no pattern.
    """
    from pathspec import GitIgnoreSpec

    parts: list[GitIgnoreSpecPattern] = []
    for pattern in patterns:
        try:
            parts += GitIgnoreSpec.from_lines([pattern]).patterns
        except ValueError as error:
            if not lenient:
                raise SourceError(f"{pattern!r} is no pattern: see gitignore's syntax") from error
    return GitIgnoreSpec(parts)


def _relative(path: str, folder: str) -> str:
    return path[len(os.path.join(folder, "")) :].replace(os.sep, "/")
