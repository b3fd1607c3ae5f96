"""Results for a terminal; where the output is piped, tab-separated lines instead.

Rich is imported when something is shown, since most of what the library does needs none of it.
Print on a console from `make_console`: it never cuts a line, so a long path can be copied whole.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO, TypeAlias

from lookalike.present.text import clock, display_path
from lookalike.types import (
    DuplicateGroup,
    EncoderState,
    Hit,
    IndexSummary,
    Rules,
    SearchResult,
    Skipped,
    Status,
)

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    from lookalike.decode import Format

_LISTED = 20
"""How many skipped files an index report lists."""

_Span: TypeAlias = tuple[str, str]
"""Text and its style."""

_Line: TypeAlias = list[_Span]


def make_console(file: TextIO) -> "Console":
    """A console on `file` that prints text as it is: no markup, no highlights, no cut lines."""
    from rich.console import Console

    return Console(file=file, soft_wrap=True, markup=False, highlight=False, emoji=False)


def hits_table(result: SearchResult) -> "RenderableType":
    """Rank, score and path of every hit; piped: the three, tab-separated, a line each.

    A frame of a film has its time behind it.
    """

    def styled() -> Iterator[_Line]:
        if not result.hits:
            yield [("No pictures found.", "dim")]
            return
        ranks = len(str(len(result.hits)))
        yield [(f"{'#':>{ranks}}  {'score':>7}  path", "dim")]
        for rank, hit in enumerate(result.hits, start=1):
            yield [
                (f"{rank:>{ranks}}  ", "dim"),
                (f"{hit.score:>z7.4f}  ", _score_style(hit.score)),
                *_path_spans(hit.path),
                *([] if hit.frame is None else [(f"  at {clock(hit.frame)}", "cyan")]),
                *([(f"  {how}", "cyan")] if (how := _placed(hit)) else []),
                *([("  offline", "yellow")] if hit.offline else []),
            ]

    def plain() -> Iterator[str]:
        for rank, hit in enumerate(result.hits, start=1):
            moment = "" if hit.frame is None else f"\t{clock(hit.frame)}"
            yield f"{rank}\t{hit.score:z.6f}\t{display_path(hit.path)}{moment}"

    return _Lines(styled, plain)


def _placed(hit: Hit) -> str:
    """In which position, and where in the picture, the query was found; nothing for the usual."""
    words = [] if hit.orientation in (None, "upright") else [str(hit.orientation)]
    if hit.region is not None:
        left, top, width, height = hit.region
        words.append(f"in {width:.0%} x {height:.0%} at {left:.0%}, {top:.0%}")
    return ", ".join(words)


def duplicates_table(groups: Sequence[DuplicateGroup]) -> "RenderableType":
    """Every group, the best copy first; piped: group, kind, score and path, tab-separated."""

    def styled() -> Iterator[_Line]:
        if not groups:
            yield [("No duplicates found.", "dim")]
        for number, group in enumerate(groups):
            if number:
                yield []
            yield [(f"{group.kind}, {len(group.images)} pictures", "bold")]
            for image in group.images:
                facts = f"  {image.width} x {image.height}, {_size(image.bytes)}"
                score = (f"{image.score:>z7.4f}  ", _score_style(image.score))
                yield [score, *_path_spans(image.path), (facts, "dim")]

    def plain() -> Iterator[str]:
        for number, group in enumerate(groups, start=1):
            for image in group.images:
                path = display_path(image.path)
                yield f"{number}\t{group.kind}\t{image.score:z.6f}\t{path}"

    return _Lines(styled, plain)


def status_table(status: Status) -> "RenderableType":
    """What a collection holds, then every skipped file; piped: name and value, tab-separated."""
    model = f"{display_path(status.model.name)} (sha256 {status.model.sha256[:12]})"
    rows = [
        ("collection", display_path(status.collection)),
        ("model", model),
        ("dimension", f"{status.dimension:,}"),
        ("pictures", f"{status.images:,}"),
        ("skipped", f"{status.skipped:,}"),
        ("size", _size(status.bytes)),
        *(("folder", _root(status, root)) for root in status.roots),
        *(("beside", _beside(each)) for each in status.encoders if not each.answers),
    ]

    def styled() -> Iterator[_Line]:
        for name, value in rows:
            yield [(f"{name:<12}", "dim"), (value, "bold" if name == "pictures" else "")]
        if status.skipped_files:
            yield []
            yield [("Skipped files", "bold")]
            yield from map(_skipped_line, status.skipped_files)

    def plain() -> Iterator[str]:
        yield f"collection\t{display_path(status.collection)}"
        yield f"model\t{display_path(status.model.name)}\t{status.model.sha256}"
        for name, number in (
            ("dimension", status.dimension),
            ("images", status.images),
            ("skipped", status.skipped),
            ("bytes", status.bytes),
        ):
            yield f"{name}\t{number}"
        for root in status.roots:
            yield f"root\t{display_path(root)}"
        for file in status.skipped_files:
            yield f"skipped_file\t{display_path(file.path)}\t{display_path(file.reason)}"

    return _Lines(styled, plain)


def encoders_table(encoders: Sequence[EncoderState]) -> "RenderableType":
    """Each encoder of a collection; piped: number, name, dimension, answers or beside, lacking."""

    def styled() -> Iterator[_Line]:
        for each in encoders:
            name = f"{each.number:>3} {display_path(each.name)} ({each.dimension}-d)  "
            yield [(name, "bold"), (_fullness(each), "")]

    def plain() -> Iterator[str]:
        for each in encoders:
            place = "answers" if each.answers else "beside"
            about = (each.number, display_path(each.name), each.dimension, place, each.lacking)
            yield "\t".join(map(str, about))

    return _Lines(styled, plain)


def _beside(encoder: EncoderState) -> str:
    return f"{display_path(encoder.name)}, {_fullness(encoder)}"


def _fullness(encoder: EncoderState) -> str:
    lacks = f"lacks {encoder.lacking:,}" if encoder.lacking else ""
    if encoder.answers:
        return ", ".join(filter(None, ("answers", lacks)))
    return lacks or "full: it could answer"


def formats_table(formats: Sequence["Format"]) -> "RenderableType":
    """Each format with what reads it; piped: name, yes or no, package, suffixes."""

    def styled() -> Iterator[_Line]:
        for each in formats:
            how = each.package if each.reads else f"pip install 'lookalike[{each.extra}]'"
            yield [
                (f"{each.name:<10} ", "bold" if each.reads else "dim"),
                (f"{'yes' if each.reads else 'no':<4} ", "green" if each.reads else "yellow"),
                (f"{how:<29} ", ""),
                (" ".join(each.suffixes), "dim"),
            ]

    def plain() -> Iterator[str]:
        for each in formats:
            reads = "yes" if each.reads else "no"
            yield f"{each.name}\t{reads}\t{each.package}\t{' '.join(each.suffixes)}"

    return _Lines(styled, plain)


def index_report(summary: IndexSummary) -> "RenderableType":
    """One line that sums up the run, then warnings and the first skipped files with reasons."""

    def styled() -> Iterator[_Line]:
        yield [(_summary_line(summary), "bold")]
        for warning in summary.warnings:
            yield [("warning  ", "yellow"), (display_path(warning), "")]
        yield from map(_skipped_line, summary.skipped[:_LISTED])
        more = len(summary.skipped) - _LISTED
        if more > 0:
            yield [(f"and {more:,} more; lookalike status lists them", "dim")]

    def plain() -> Iterator[str]:
        for line in styled():
            yield "".join(text for text, _ in line)

    return _Lines(styled, plain)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines with styles for a terminal, and others without for a pipe."""

    styled: Callable[[], Iterable[_Line]]
    plain: Callable[[], Iterable[str]]

    def __rich_console__(
        self, console: "Console", options: "ConsoleOptions"
    ) -> "Iterator[RenderableType | Segment]":
        from rich.segment import Segment
        from rich.text import Text

        if console.is_terminal:
            for line in self.styled():
                yield Text.assemble(*line)
        else:
            # Not as Text, which turns tabs into spaces.
            for plain in self.plain():
                yield Segment(plain)
                yield Segment.line()


def _root(status: Status, root: str) -> str:
    """A root with its rules, and whether it is away."""
    rules, parts = status.rules.get(root, Rules()), [display_path(root)]
    parts += [f"only {display_path(pattern)}" for pattern in rules.include]
    parts += [f"without {display_path(pattern)}" for pattern in rules.exclude]
    parts += [f"links: {rules.links}"] if rules.links != "files" else []
    parts += ["hidden ones too"] if rules.hidden else []
    parts += [f"from {_size(rules.min_bytes)}"] if rules.min_bytes else []
    parts += [] if rules.keywords else ["without keywords"]
    parts += ["offline"] if root in status.offline else []
    return ", ".join(parts)


def _summary_line(summary: IndexSummary) -> str:
    parts = [
        f"{summary.added:,} added",
        f"{summary.updated:,} updated",
        f"{summary.unchanged:,} unchanged",
        f"{summary.removed:,} removed",
        f"{len(summary.skipped):,} skipped",
    ]
    return f"{', '.join(parts)} in {_duration(summary.seconds)}"


def _skipped_line(file: Skipped) -> _Line:
    return [
        ("skipped  ", "yellow"),
        (display_path(file.path), ""),
        (f"  {display_path(file.reason)}", "dim"),
    ]


def _path_spans(path: str) -> _Line:
    """The folders dim, the name of the file not."""
    name = os.path.basename(path)
    return [(display_path(path[: len(path) - len(name)]), "dim"), (display_path(name), "")]


def _score_style(score: float) -> str:
    if score >= 0.9:
        return "bold green"
    return "green" if score >= 0.7 else "yellow"


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{count} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
