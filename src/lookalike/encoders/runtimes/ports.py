"""Which input and output of a graph the spec means; the same for every runtime."""

from collections.abc import Collection, Sequence
from typing import Literal

from lookalike.errors import ModelSpecError


def pick_port(
    ports: Sequence[Collection[str]], name: str | None, kind: Literal["input", "output"], model: str
) -> int:
    """Which of a graph's inputs or outputs the spec means; None is the only input or first output.

    Args:
        ports: the names that each has.
        name: the one in the spec.
        kind: for the error.
        model: the model's name, for the error.

    Raises:
        ModelSpecError: there is none of that name.
    """
    if name is None and (len(ports) == 1 or (ports and kind == "output")):
        return 0
    for number, names in enumerate(ports):
        if name in names:
            return number
    there = ", ".join(sorted(other for names in ports for other in names))
    raise ModelSpecError(f"{model}: the graph has no {kind} {name!r}; it has {there}")


def refuse_more_inputs(ports: Sequence[Collection[str]], pictures: int, model: str) -> None:
    """Refuse a graph that needs another input than the one of pictures.

    Raises:
        ModelSpecError: it does.
    """
    others = [
        min(names, default="unnamed") for number, names in enumerate(ports) if number != pictures
    ]
    if others:
        raise ModelSpecError(f"{model}: it needs more than pictures: {', '.join(others)}")
