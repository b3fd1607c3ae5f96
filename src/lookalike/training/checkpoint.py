"""The state of a run on disk: after a kill at any moment, the last whole epoch is there."""

import os
import tempfile
from typing import Any

import torch

from lookalike.errors import TrainingError

FILE = "checkpoint.pt"


def save(folder: str, state: dict[str, Any]) -> None:
    """Write a checkpoint in one step: there is always either the old one or the new one.

    Args:
        folder: exists.
        state: tensors, numbers, strings, lists and dicts of them.

    Raises:
        TrainingError: it cannot be written.
    """
    path = os.path.join(folder, FILE)
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".checkpoint-", delete=False) as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, path)
    except (OSError, RuntimeError) as error:
        raise TrainingError(
            f"cannot write the checkpoint {path} ({str(error).splitlines()[0]}); free some space "
            "and run the same command again"
        ) from error


def load(folder: str, fingerprint: str) -> dict[str, Any] | None:
    """The checkpoint in a folder.

    Args:
        folder: may not exist.
        fingerprint: of the run; a checkpoint of other pictures or another recipe is refused.

    Returns:
        What was saved, None where there is no checkpoint.

    Raises:
        TrainingError: it belongs to another run, or cannot be read.
    """
    path = os.path.join(folder, FILE)
    if not os.path.exists(path):
        return None
    try:
        # weights_only: a checkpoint is data, and is never run as a program.
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the reader raises types of its own
        raise TrainingError(
            f"the checkpoint {path} cannot be read; remove {folder} to begin again"
        ) from error
    if state.get("fingerprint") != fingerprint:
        raise TrainingError(
            f"{folder} holds the checkpoint of another run (other pictures, backbone or options); "
            "remove it to begin again, or choose another --out"
        )
    return state
