"""Which input and output of a graph the spec means; the same for every runtime."""

from collections.abc import Collection, Sequence
from typing import Literal

from lookalike.encoders.spec import ModelSpec, TextSpec
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


def pick_text_inputs(ports: Sequence[Collection[str]], spec: ModelSpec) -> list[int]:
    """Which of a text graph's inputs takes the ids, and where it has one, which takes the mask.

    Raises:
        ModelSpecError: there is no input of ids, or one more than these two.
    """
    text = text_of(spec)
    found = [pick_port(ports, text.input_ids, "input", spec.name)]
    found += [number for number, names in enumerate(ports) if text.attention_mask in names]
    others = [
        min(names, default="unnamed") for number, names in enumerate(ports) if number not in found
    ]
    if others:
        raise ModelSpecError(f"{spec.name}: its text side needs more: {', '.join(others)}")
    return found


def text_of(spec: ModelSpec) -> TextSpec:
    """The record of the text side.

    Raises:
        ModelSpecError: there is none.
    """
    if spec.text is None:
        raise ModelSpecError(f"{spec.name} has no text side")
    return spec.text


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
